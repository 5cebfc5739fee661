//! Figures of HTTP/2 connections, those with clients of a frontend or with servers of a backend.

use http::h2::Tally;

use crate::counters::Counter;

/// What a thread counted. In the words of [`Tally`], summed over its connections.
#[derive(Debug, Default)]
pub struct Http2 {
    pub headers: Counter,
    pub data: Counter,
    pub settings: Counter,
    pub resets: Counter,
    pub goaways: Counter,
    pub streams: Counter,
    pub stream_errors: Counter,
    pub connection_errors: Counter,
    /// Connections so far; connections and streams that there are now.
    pub connections: Counter,
    pub open: Counter,
    pub under_way: Counter,
}

/// How far a connection was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Whether it is there.
    pub open: bool,
    pub tally: Tally,
    /// Streams that it has.
    pub under_way: u32,
}

impl Http2 {
    /// Counts what became of a connection since it was `before`.
    pub fn count(&self, before: &Counted, now: &Counted) {
        let (was, is) = (&before.tally, &now.tally);
        let grown = [
            (&self.headers, was.headers, is.headers),
            (&self.data, was.data, is.data),
            (&self.settings, was.settings, is.settings),
            (&self.resets, was.resets, is.resets),
            (&self.goaways, was.goaways, is.goaways),
            (&self.streams, was.streams, is.streams),
            (&self.stream_errors, was.stream_errors, is.stream_errors),
            (&self.connection_errors, was.connection_errors, is.connection_errors),
            (&self.connections, 0, u32::from(now.open && !before.open)),
        ];
        for (counter, was, is) in grown {
            counter.add(u64::from(is.wrapping_sub(was)));
        }
        let moved = [
            (&self.open, u32::from(before.open), u32::from(now.open)),
            (&self.under_way, before.under_way, now.under_way),
        ];
        for (counter, was, is) in moved {
            // The sum wraps back.
            counter.add(u64::from(is).wrapping_sub(u64::from(was)));
        }
    }

    /// Forgets what there was; what is there now stays. For its own thread only.
    pub fn clear(&self) {
        let Self {
            headers,
            data,
            settings,
            resets,
            goaways,
            streams,
            stream_errors,
            connection_errors,
            connections,
            open: _,
            under_way: _,
        } = self;
        let all = [
            headers,
            data,
            settings,
            resets,
            goaways,
            streams,
            stream_errors,
            connection_errors,
            connections,
        ];
        all.iter().for_each(|counter| counter.reset());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_counted_once_and_goes() {
        let all = Http2::default();
        let none = Counted::default();
        let tally = Tally { headers: 2, data: 1, settings: 2, streams: 2, ..Tally::default() };
        let served = Counted { open: true, tally, under_way: 2 };
        all.count(&none, &served);
        let over = Counted { open: false, under_way: 0, ..served };
        assert_eq!([all.connections.get(), all.open.get(), all.under_way.get()], [1, 1, 2]);
        all.count(&served, &over);
        assert_eq!([all.connections.get(), all.open.get(), all.under_way.get()], [1, 0, 0]);
        assert_eq!([all.headers.get(), all.data.get(), all.streams.get()], [2, 1, 2]);
        all.clear();
        assert_eq!([all.headers.get(), all.connections.get()], [0, 0]);
    }
}
