//! What cells of tables consist of: escaped text, numbers, ages, and the metrics they are read from.

use state::family::Row;

use crate::metric::Columns;

/// Appends to a page.
pub(super) struct Html<'o>(pub(super) &'o mut Vec<u8>);

impl Html<'_> {
    /// Markup, as it is.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.extend_from_slice(markup.as_bytes());
        self
    }

    /// Text, in an element or an attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '&' => self.raw("&amp;"),
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                c => self.raw(c.encode_utf8(&mut [0; 4])),
            };
        }
        self
    }

    /// A number; every other group of three digits has a little room behind it.
    pub(super) fn number(&mut self, n: u64) -> &mut Self {
        let digits = n.to_string();
        let groups = digits.as_bytes().rchunks(3).rev();
        let last = groups.len() - 1;
        for (at, group) in groups.enumerate() {
            let Some((end, front)) = group.split_last().filter(|_| at < last) else {
                self.0.extend_from_slice(group);
                continue;
            };
            self.0.extend_from_slice(front);
            self.raw("<span class=\"rls\">");
            self.0.push(*end);
            self.raw("</span>");
        }
        self
    }

    /// A cell with a number; an empty one without.
    pub(super) fn cell(&mut self, n: Option<u64>) -> &mut Self {
        self.raw("<td>");
        if let Some(n) = n {
            self.number(n);
        }
        self.raw("</td>")
    }

    /// A cell with a limit; a dash where there is none.
    pub(super) fn limit(&mut self, n: Option<u64>) -> &mut Self {
        match n.filter(|n| *n > 0) {
            Some(n) => self.cell(Some(n)),
            None => self.raw("<td>-</td>"),
        }
    }

    /// A cell with text.
    pub(super) fn words(&mut self, text: &str) -> &mut Self {
        self.raw("<td class=\"ac\">").text(text).raw("</td>")
    }

    /// So many empty cells.
    pub(super) fn empty(&mut self, n: usize) -> &mut Self {
        for _ in 0..n {
            self.raw("<td></td>");
        }
        self
    }

    /// A cell with a number, and what belongs to it in a box that shows when it is pointed at.
    pub(super) fn explained(&mut self, n: Option<u64>, details: &[Detail<'_>]) -> &mut Self {
        self.raw("<td><u>").number(n.unwrap_or(0)).raw("<div class=\"tips\"><table class=\"det\">");
        for detail in details.iter().filter(|detail| !matches!(detail.value, Figure::None)) {
            self.raw("<tr><th>").text(detail.title).raw("</th><td>");
            detail.value.write(self);
            self.raw("</td></tr>");
        }
        self.raw("</table></div></u></td>")
    }
}

/// A line in a box.
pub(super) struct Detail<'a> {
    pub(super) title: &'a str,
    pub(super) value: Figure,
}

/// What a line in a box says.
#[derive(Clone, Copy)]
pub(super) enum Figure {
    /// It isn't known: no line.
    None,
    Count(u64),
    /// So many a second.
    Rate(u64),
    /// And how much of a whole that is.
    Part(u64, u64),
    /// The most and the average, milliseconds.
    Times(u64, u64),
    /// A limit, or a dash.
    Limit(Option<u64>),
}

impl Figure {
    pub(super) fn write(self, html: &mut Html<'_>) {
        match self {
            Self::None => {}
            Self::Count(n) => {
                html.number(n);
            }
            Self::Rate(n) => {
                html.number(n).raw("/s");
            }
            Self::Part(n, whole) => {
                let percent = n.saturating_mul(100).checked_div(whole).unwrap_or(0);
                html.number(n).raw(" (").number(percent).raw("%)");
            }
            Self::Times(most, average) => {
                html.number(most).raw(" / ").number(average).raw(" ms");
            }
            Self::Limit(n) => match n.filter(|n| *n > 0) {
                Some(n) => {
                    html.number(n);
                }
                None => {
                    html.raw("-");
                }
            },
        }
    }
}

/// A count for a box.
pub(super) fn count(row: &Row<'_>, name: &str) -> Figure {
    row.n(name).map_or(Figure::None, Figure::Count)
}

/// A duration in its two largest units: `1m5s`.
pub(super) fn age(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if days > 0 {
        format!("{days}d{}h", hours % 24)
    } else if hours > 0 {
        format!("{hours}h{}m", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes}m{}s", seconds % 60)
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(write: impl Fn(&mut Html<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut Html(&mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_came_from_outside_is_no_markup() {
        let text = with(|html| {
            html.text("<a href='x' y=\"&\">é");
        });
        assert_eq!(text, "&lt;a href=&#39;x&#39; y=&quot;&amp;&quot;&gt;é");
    }

    #[test]
    fn numbers_in_groups() {
        for (n, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "<span class=\"rls\">1</span>000"),
            (12_345_678, "1<span class=\"rls\">2</span>34<span class=\"rls\">5</span>678"),
        ] {
            assert_eq!(
                with(|html| {
                    html.number(n);
                }),
                expected
            );
        }
    }

    #[test]
    fn ages() {
        for (seconds, expected) in
            [(0, "0s"), (65, "1m5s"), (3600, "1h0m"), (90_061, "1d1h"), (864_000, "10d0h")]
        {
            assert_eq!(age(seconds), expected);
        }
    }
}
