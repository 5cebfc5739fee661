//! ACL keywords that are a fetch with a matching method (manual 7.3, "ACL derivatives"): `path_beg` is `path -m beg`.
//! The table is regular: each of the fetches below comes with each of the suffixes.

use sample::MatchKind;
use state::family::Criterion;

/// Prefixes and the fetches they stand for.
const FETCHES: &[(&str, &str)] = &[
    ("base", "base"),
    ("cook", "req.cook"),
    ("hdr", "req.hdr"),
    ("path", "path"),
    ("scook", "res.cook"),
    ("shdr", "res.hdr"),
    ("url", "url"),
    ("urlp", "url_param"),
];

/// Suffixes and the methods they ask for.
const SUFFIXES: &[(&str, MatchKind)] = &[
    ("", MatchKind::Str),
    ("_beg", MatchKind::Beg),
    ("_dir", MatchKind::Dir),
    ("_dom", MatchKind::Dom),
    ("_end", MatchKind::End),
    ("_len", MatchKind::Len),
    ("_reg", MatchKind::Reg),
    ("_sub", MatchKind::Sub),
];

/// Names that follow no pattern.
const OTHERS: &[Criterion] = &[
    Criterion { name: "http_auth_group", fetch: "http_auth_group", matching: MatchKind::Str },
    Criterion { name: "method", fetch: "method", matching: MatchKind::Meth },
    Criterion { name: "payload", fetch: "req.payload", matching: MatchKind::Bin },
    Criterion { name: "payload_lv", fetch: "req.payload_lv", matching: MatchKind::Bin },
    Criterion { name: "req.ssl_ver", fetch: "req.ssl_ver", matching: MatchKind::Version },
    Criterion { name: "req_rdp_cookie", fetch: "req.rdp_cookie", matching: MatchKind::Str },
    Criterion { name: "req_rdp_cookie_cnt", fetch: "req.rdp_cookie_cnt", matching: MatchKind::Int },
    Criterion { name: "req_ssl_sni", fetch: "req.ssl_sni", matching: MatchKind::Str },
    Criterion { name: "req_ssl_ver", fetch: "req.ssl_ver", matching: MatchKind::Version },
    Criterion { name: "req_ver", fetch: "req.ver", matching: MatchKind::Str },
    Criterion { name: "resp_ver", fetch: "res.ver", matching: MatchKind::Str },
    Criterion { name: "ssl_fc_sni_end", fetch: "ssl_fc_sni", matching: MatchKind::End },
    Criterion { name: "ssl_fc_sni_reg", fetch: "ssl_fc_sni", matching: MatchKind::Reg },
];

/// The fetch and the method that an ACL keyword stands for; none when the word is no such keyword.
pub fn find(name: &str) -> Option<(&'static str, MatchKind)> {
    if let Some(other) = OTHERS.iter().find(|c| c.name == name) {
        return Some((other.fetch, other.matching));
    }
    FETCHES.iter().find_map(|(prefix, fetch)| {
        let suffix = name.strip_prefix(prefix)?;
        let (_, method) = SUFFIXES.iter().find(|(s, _)| *s == suffix)?;
        Some((*fetch, *method))
    })
}

/// Every name, for lists of keywords.
pub fn names() -> impl Iterator<Item = String> {
    let regular = FETCHES.iter().flat_map(|(p, _)| SUFFIXES.iter().map(move |(s, _)| format!("{p}{s}")));
    regular.chain(OTHERS.iter().map(|c| c.name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_by_suffix() {
        assert_eq!(find("path_beg"), Some(("path", MatchKind::Beg)));
        assert_eq!(find("hdr"), Some(("req.hdr", MatchKind::Str)));
        assert_eq!(find("urlp_reg"), Some(("url_param", MatchKind::Reg)));
        assert_eq!(find("path_nope"), None);
        assert_eq!(find("req.hdr"), None);
    }
}
