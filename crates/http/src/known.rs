//! Header names that the proxy itself looks at, as small integers, and names prepared for look-ups.
//!
//! A name is classified once, when it enters a message; from then on a look-up of a known header compares bytes of an
//! index instead of strings. It doesn't know what any header means.

/// Declares [`Known`] with its names in one place.
macro_rules! known {
    ($($variant:ident = $name:literal,)*) => {
        /// A header name the proxy has its own use for; everything else is [`Known::Other`].
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        #[repr(u8)]
        pub enum Known {
            /// A name without a variant of its own.
            #[default]
            Other,
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        /// Every known name in lower case, in the order of the variants after `Other`.
        const NAMES: &[(&str, Known)] = &[$(($name, Known::$variant),)*];

        impl Known {
            /// The name in lower case; empty for [`Known::Other`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    Known::Other => "",
                    $(Known::$variant => $name,)*
                }
            }
        }
    };
}

known! {
    Accept = "accept",
    AcceptEncoding = "accept-encoding",
    AcceptLanguage = "accept-language",
    Age = "age",
    Authorization = "authorization",
    CacheControl = "cache-control",
    Connection = "connection",
    ContentEncoding = "content-encoding",
    ContentLength = "content-length",
    ContentType = "content-type",
    Cookie = "cookie",
    Date = "date",
    Etag = "etag",
    Expect = "expect",
    Expires = "expires",
    Forwarded = "forwarded",
    Host = "host",
    Http2Settings = "http2-settings",
    IfMatch = "if-match",
    IfModifiedSince = "if-modified-since",
    IfNoneMatch = "if-none-match",
    KeepAlive = "keep-alive",
    LastModified = "last-modified",
    Location = "location",
    Origin = "origin",
    Pragma = "pragma",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    Range = "range",
    Referer = "referer",
    SecWebsocketAccept = "sec-websocket-accept",
    SecWebsocketKey = "sec-websocket-key",
    Server = "server",
    SetCookie = "set-cookie",
    SetCookie2 = "set-cookie2",
    StrictTransportSecurity = "strict-transport-security",
    Te = "te",
    Trailer = "trailer",
    TransferEncoding = "transfer-encoding",
    Upgrade = "upgrade",
    UserAgent = "user-agent",
    Vary = "vary",
    Via = "via",
    WwwAuthenticate = "www-authenticate",
    XForwardedFor = "x-forwarded-for",
    XForwardedProto = "x-forwarded-proto",
    XOriginalTo = "x-original-to",
}

/// Slots of the look-up table: a power of two with room for few collisions.
const SLOTS: usize = 256;

/// Longest known name in bytes, rounded up to whole words.
const LONGEST: usize = 32;

/// A known name prepared for comparison by words: zero-padded, with the bits that tell upper from lower case in its
/// letters set in `case`.
struct Entry {
    known: Known,
    len: u8,
    words: [u64; LONGEST / 8],
    case: [u64; LONGEST / 8],
    /// The last eight bytes of a name that has as many.
    tail: u64,
    tail_case: u64,
}

/// Which known name a hash stands for: 0 for none, otherwise 1 + its place in `ENTRIES`. Names that share a slot are a
/// compile-time error, so that a look-up is one load and one comparison.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
static TABLE: [u8; SLOTS] = {
    let mut table = [0u8; SLOTS];
    let mut i = 0;
    while i < NAMES.len() {
        let name = NAMES[i].0.as_bytes();
        let slot = slot(name.len(), name[0], name[name.len() / 2], name[name.len() - 1]);
        assert!(table[slot] == 0, "two known names share a slot: change the multipliers");
        table[slot] = 1 + i as u8;
        i += 1;
    }
    table
};

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
static ENTRIES: [Entry; NAMES.len()] = {
    let mut entries =
        [const { Entry { known: Known::Other, len: 0, words: [0; 4], case: [0; 4], tail: 0, tail_case: 0 } };
            NAMES.len()];
    let mut i = 0;
    while i < NAMES.len() {
        let name = NAMES[i].0.as_bytes();
        entries[i].known = NAMES[i].1;
        entries[i].len = name.len() as u8;
        let mut at = 0;
        while at < name.len() {
            let shift = 8 * (at % 8);
            entries[i].words[at / 8] |= (name[at] as u64) << shift;
            if name[at].is_ascii_lowercase() {
                entries[i].case[at / 8] |= 0x20 << shift;
            }
            if at + 8 >= name.len() && name.len() >= 8 {
                let shift = 8 * (at + 8 - name.len());
                entries[i].tail |= (name[at] as u64) << shift;
                if name[at].is_ascii_lowercase() {
                    entries[i].tail_case |= 0x20 << shift;
                }
            }
            at += 1;
        }
        i += 1;
    }
    entries
};

/// The slot of a name by its length and three of its bytes. The case of letters makes no difference.
#[inline]
const fn slot(len: usize, first: u8, middle: u8, last: u8) -> usize {
    (len.wrapping_mul(MULTIPLIERS[0])
        + ((first | 0x20) as usize).wrapping_mul(MULTIPLIERS[1])
        + ((middle | 0x20) as usize).wrapping_mul(MULTIPLIERS[2])
        + ((last | 0x20) as usize).wrapping_mul(MULTIPLIERS[3]))
        & (SLOTS - 1)
}

/// Found by trying: these spread all of `NAMES` over different slots.
const MULTIPLIERS: [usize; 4] = [78, 73, 151, 250];

impl Known {
    /// Classifies a name in any case.
    pub fn of(name: &[u8]) -> Known {
        Known::at_start(name, name.len())
    }

    /// Classifies the name that the first `len` of these bytes are; that more may be read makes short names fast.
    #[inline]
    pub(crate) fn at_start(bytes: &[u8], len: usize) -> Known {
        let Some(name) = bytes.get(..len) else { return Known::Other };
        let (Some(&first), Some(&middle), Some(&last)) = (name.first(), name.get(len / 2), name.last())
        else {
            return Known::Other;
        };
        let place = TABLE.get(slot(len, first, middle, last)).copied().unwrap_or(0);
        match ENTRIES.get((place as usize).wrapping_sub(1)) {
            Some(entry) if usize::from(entry.len) == len && entry.is(name, bytes) => entry.known,
            _ => Known::Other,
        }
    }
}

impl Entry {
    /// Whether `name`, which has this entry's length and is the start of `bytes`, is this name in any case.
    #[inline]
    fn is(&self, name: &[u8], bytes: &[u8]) -> bool {
        let Some(tail) = name.last_chunk::<8>() else {
            let Some(word) = bytes.first_chunk::<8>() else {
                return name.eq_ignore_ascii_case(self.known.as_str().as_bytes());
            };
            let [known, ..] = self.words;
            let [case, ..] = self.case;
            // The name's bytes are the low ones.
            return ((u64::from_le_bytes(*word) ^ known) & !case) << (64 - 8 * name.len()) == 0;
        };
        let (words, _) = name.as_chunks::<8>();
        let mut pairs = words.iter().zip(self.words.iter().zip(&self.case));
        (u64::from_le_bytes(*tail) ^ self.tail) & !self.tail_case == 0
            && pairs.all(|(word, (known, case))| (u64::from_le_bytes(*word) ^ known) & !case == 0)
    }
}

/// A header name prepared for look-ups: in lower case and classified. Made when a configuration is loaded.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Name {
    known: Known,
    lower: Box<[u8]>,
}

impl Name {
    /// Prepares `name`, given in any case.
    pub fn new(name: &[u8]) -> Name {
        let lower = name.to_ascii_lowercase().into_boxed_slice();
        Name { known: Known::of(&lower), lower }
    }

    /// The name in lower case.
    pub fn as_bytes(&self) -> &[u8] {
        &self.lower
    }

    /// Its class.
    pub fn known(&self) -> Known {
        self.known
    }
}

/// What the look-ups of [`crate::Message`] take: a [`Known`], a [`Name`], or plain bytes in any case (classified at
/// each conversion; prefer the other two on hot paths).
#[derive(Clone, Copy, Debug)]
pub struct NameRef<'a> {
    pub(crate) known: Known,
    pub(crate) bytes: &'a [u8],
}

impl<'a> NameRef<'a> {
    /// The bytes of the name, in the case they were given.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether this is the name of a header with this class and this lower-case name.
    #[inline]
    pub fn matches(self, known: Known, lower: &[u8]) -> bool {
        self.known == known && (known != Known::Other || self.bytes.eq_ignore_ascii_case(lower))
    }
}

impl From<Known> for NameRef<'_> {
    fn from(known: Known) -> Self {
        NameRef { known, bytes: known.as_str().as_bytes() }
    }
}

impl<'a> From<&'a Name> for NameRef<'a> {
    fn from(name: &'a Name) -> Self {
        NameRef { known: name.known, bytes: &name.lower }
    }
}

impl<'a> From<&'a [u8]> for NameRef<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        NameRef { known: Known::of(bytes), bytes }
    }
}

impl<'a> From<&'a str> for NameRef<'a> {
    fn from(name: &'a str) -> Self {
        name.as_bytes().into()
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for NameRef<'a> {
    fn from(name: &'a [u8; N]) -> Self {
        name.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for &(name, id) in NAMES {
            assert_eq!(Known::of(name.as_bytes()), id);
            assert_eq!(Known::of(name.to_ascii_uppercase().as_bytes()), id);
            assert_eq!(id.as_str(), name);
            assert!(name.len() <= LONGEST);
        }
    }

    #[test]
    fn only_the_case_of_letters_makes_no_difference() {
        for &(name, id) in NAMES {
            for at in 0..name.len() {
                for bit in 0..8 {
                    let mut other = name.as_bytes().to_vec();
                    other[at] ^= 1 << bit;
                    let same = other.eq_ignore_ascii_case(name.as_bytes());
                    let found = Known::of(&other);
                    assert!(if same { found == id } else { found != id }, "{other:?}");
                    other.extend_from_slice(b": something else");
                    assert_eq!(Known::at_start(&other, name.len()), found);
                }
            }
        }
    }

    #[test]
    fn others_are_other() {
        for name in
            ["", "x", "hos", "hostt", "hast", "x-forwarded-fox", "a-name-that-is-longer-than-any-known-name"]
        {
            assert_eq!(Known::of(name.as_bytes()), Known::Other, "{name}");
        }
    }

    #[test]
    fn a_prepared_name_matches_only_its_own() {
        let name = Name::new(b"X-Foo");
        assert_eq!(name.as_bytes(), b"x-foo");
        assert!(NameRef::from(&name).matches(Known::Other, b"x-foo"));
        assert!(!NameRef::from(&name).matches(Known::Other, b"x-fop"));
        assert!(NameRef::from("HOST").matches(Known::Host, b"host"));
        assert!(!NameRef::from("HOST").matches(Known::Cookie, b"cookie"));
    }
}
