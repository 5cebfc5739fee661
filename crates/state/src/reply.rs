//! Answers the proxy gives itself: error pages by status (`errorfile`, `http-errors`) and what `http-request return`
//! sends.

use std::sync::Arc;

/// A header's name and value.
pub type Line = (Box<[u8]>, Box<[u8]>);

/// A whole answer, ready to be put into a stream's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// 0: no answer at all, the connection is closed (an empty `errorfile`).
    pub status: u16,
    /// Absent: the usual reason.
    pub reason: Option<Box<[u8]>>,
    pub headers: Vec<Line>,
    pub body: Arc<[u8]>,
}

/// Pages that replace the built-in ones, by status.
#[derive(Clone, Debug, Default)]
pub struct Pages(Vec<(u16, Arc<Page>)>);

impl Pages {
    pub fn set(&mut self, status: u16, page: Arc<Page>) {
        self.0.retain(|(s, _)| *s != status);
        self.0.push((status, page));
    }

    pub fn get(&self, status: u16) -> Option<&Arc<Page>> {
        self.0.iter().find(|(s, _)| *s == status).map(|(_, p)| p)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u16, &Arc<Page>)> {
        self.0.iter().map(|(s, p)| (*s, p))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
