//! The rule sets of the cases about rules: a large one, as a site grows over the years, and rules that never apply. Words
//! of haproxy.cfg and the files beside it; knows nothing of how they are measured.

use std::fmt::Write;

/// ACL rules of the large set, and rules of the set that never applies.
pub(crate) const ACLS: usize = 200;
const REGEXES: usize = 50;
const MAPS: usize = 3;
const MAP_ENTRIES: usize = 10_000;
const HEADERS: usize = 20;

/// The rules of a frontend: 200 ACLs (50 of them regular expressions), 3 maps, two stick counters, 20 header actions.
/// Map files are looked for in `folder`; [`maps`] has their content.
pub(crate) fn large(folder: &str) -> String {
    let mut text = String::new();
    for n in 0..ACLS - REGEXES {
        let criterion = match n % 6 {
            0 => format!("path_beg /private/{n}/ /internal/{n}/"),
            1 => format!("hdr(host) -i admin{n}.example ops{n}.example"),
            2 => format!("hdr_sub(user-agent) -i crawler{n} spider{n}"),
            3 => format!("src 10.{n}.0.0/16 192.168.{n}.0/24"),
            4 => format!("path_end .bak{n} .old{n}"),
            _ => format!("hdr(x-tenant) -m str tenant{n}"),
        };
        put(&mut text, format_args!("acl a{n} {criterion}"));
        put(&mut text, format_args!("http-request deny deny_status 403 if a{n}"));
    }
    for n in 0..REGEXES {
        let criterion = match n % 2 {
            0 => format!("path_reg -i ^/wp-[a-z]+/{n}/.*\\.php$"),
            _ => format!("hdr_reg(user-agent) -i (scanner|probe){n}/[0-9.]+"),
        };
        put(&mut text, format_args!("acl r{n} {criterion}"));
        put(&mut text, format_args!("http-request deny deny_status 403 if r{n}"));
    }
    put(&mut text, format_args!("http-request track-sc0 src table clients"));
    put(&mut text, format_args!("http-request track-sc1 hdr(host) table hosts"));
    put(
        &mut text,
        format_args!("http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 100000000 }}"),
    );
    put(&mut text, format_args!("http-request set-var(txn.tenant) hdr(host),map_str({folder}/map0,none)"));
    put(&mut text, format_args!("http-request set-var(txn.area) path,map_beg({folder}/map1,none)"));
    put(&mut text, format_args!("http-request set-var(txn.net) src,map_ip({folder}/map2,none)"));
    for n in 0..HEADERS {
        let action = match n % 4 {
            0 => format!("http-request set-header X-Tenant-{n} %[var(txn.tenant)]-{n}"),
            1 => format!("http-request add-header X-Trace-{n} fixed-{n}"),
            2 => format!("http-response set-header X-Served-{n} bench"),
            _ => format!("http-response del-header X-Internal-{n}"),
        };
        put(&mut text, format_args!("{action}"));
    }
    text
}

/// The stick tables that [`large`] counts in, as backends of their own.
pub(crate) const TABLES: &str = "
backend clients
    stick-table type ip size 100k expire 10m store http_req_rate(10s),conn_cnt

backend hosts
    stick-table type string len 64 size 100k expire 10m store http_req_rate(10s)
";

/// Entries of each of the maps of [`lists`].
const LIST_ENTRIES: u32 = 1_000_000;
/// Look-ups in each of them a request.
const LIST_LOOK_UPS: usize = 8;

/// Rules that look random names and addresses up in long maps; nearly all of them are found.
pub(crate) fn lists(folder: &str) -> String {
    let mut text = String::new();
    for n in 0..LIST_LOOK_UPS {
        put(
            &mut text,
            format_args!("http-request set-var-fmt(txn.name) host%[rand({LIST_ENTRIES})].example.com"),
        );
        put(&mut text, format_args!("http-request set-var(txn.a{n}) var(txn.name),map_str({folder}/names)"));
        put(&mut text, format_args!("http-request set-var(txn.b{n}) rand,map_ip({folder}/addresses)"));
    }
    text
}

/// Keys of the stick table of [`table`].
pub(crate) const TABLE_KEYS: u32 = 1_000_000;
/// Random keys that one request looks up, or makes where it is a request for [`FILL`].
pub(crate) const TABLE_LOOK_UPS: u32 = 100;
/// The path of requests that fill the table.
pub(crate) const FILL: &str = "/fill";

/// A stick table, and the choice between the backends of [`table_backends`].
pub(crate) const TABLE: &str = "    stick-table type ip size 1m expire 1h store gpc0,http_req_rate(10s)
    use_backend filling if { path /fill }
    default_backend be
";

/// The heads of a backend whose requests look random keys up in the table, and of one whose requests fill it.
pub(crate) fn table_backends() -> [String; 2] {
    [("be", "table_gpc0"), ("filling", "table_inc_gpc0")].map(|(name, converter)| {
        let mut text = format!("\nbackend {name}\n");
        for _ in 0..TABLE_LOOK_UPS {
            put(&mut text, format_args!("http-request set-var(txn.n) rand({TABLE_KEYS}),{converter}(fe)"));
        }
        text
    })
}

/// The map files of [`lists`]: name and content.
pub(crate) fn long_maps() -> Vec<(String, String)> {
    let (mut names, mut addresses) = (String::new(), String::new());
    for n in 0..LIST_ENTRIES {
        // An odd factor makes each number of 20 bits another one: no network comes twice.
        let network = std::net::Ipv4Addr::from(n.wrapping_mul(0x9_e375) << 12);
        // Writing to a string never fails.
        let _ = writeln!(names, "host{n}.example.com backend_{}", n % 1000);
        let _ = writeln!(addresses, "{network}/20 area_{}", n % 1000);
    }
    vec![("names".to_owned(), names), ("addresses".to_owned(), addresses)]
}

/// The map files of [`large`]: name and content. The request's host, path and source are the last of what fits.
pub(crate) fn maps() -> Vec<(String, String)> {
    (0..MAPS)
        .map(|map| {
            let mut content = String::new();
            for n in 0..MAP_ENTRIES {
                let key = match map {
                    0 if n + 1 == MAP_ENTRIES => "www.example".to_owned(),
                    0 => format!("site{n}.example"),
                    1 if n + 1 == MAP_ENTRIES => "/".to_owned(),
                    1 => format!("/area/{n}/"),
                    _ if n + 1 == MAP_ENTRIES => "127.0.0.0/8".to_owned(),
                    _ => format!("10.{}.{}.0/24", n / 256, n % 256),
                };
                writeln!(content, "{key} value{n}").expect("a string takes everything");
            }
            (format!("map{map}"), content)
        })
        .collect()
}

/// As many rules as [`large`] has, of the usual kinds, none of which ever applies and nothing else.
pub(crate) fn unmatched() -> String {
    let mut text = String::new();
    for n in 0..ACLS {
        let criterion = match n % 4 {
            0 => format!("path_beg /private/{n}/"),
            1 => format!("hdr(host) -i admin{n}.example"),
            2 => format!("hdr_sub(user-agent) crawler{n}"),
            _ => format!("src 10.{n}.0.0/16"),
        };
        put(&mut text, format_args!("http-request set-header X-Rule {n} if {{ {criterion} }}"));
    }
    text
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(text, "    {words}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_are_as_large_as_they_say() {
        let text = large("/tmp");
        assert_eq!(text.lines().filter(|line| line.starts_with("    acl ")).count(), ACLS);
        assert_eq!(text.lines().filter(|line| line.contains("_reg")).count(), REGEXES);
        assert_eq!(text.lines().filter(|line| line.contains("-header ")).count(), HEADERS);
        assert!(maps().iter().all(|(_, content)| content.lines().count() == MAP_ENTRIES));
        assert_eq!(unmatched().lines().count(), ACLS);
    }
}
