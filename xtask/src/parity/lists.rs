//! Generated lines about lists of patterns: ACLs of every method, with files and without, and maps. `{lists}` in a line
//! stands for the folder of the files, `{page}` for a file with an error page.

/// Conditions at the end of a rule.
pub(crate) const CONDITIONS: &[&str] = &[
    "if { path -m beg -f {lists}/begins.lst }",
    "if { path_beg -i -f {lists}/begins.lst /STATIC }",
    "if { path_end -f {lists}/ends.lst }",
    "unless { path_dir -f {lists}/dirs.lst x }",
    "if { path_dir -i A api }",
    "if { hdr(host),map_str({lists}/numbers.map) -m found }",
    "if { hdr(host),map_str_int({lists}/numbers.map,0) gt 1 }",
    "if { req.hdr(user-agent) -m reg -i ^C[a-z]+ ^x }",
    "if { path_reg ^/a ^/b ^/c ^/d[0-9] ^/e$ \\.png$ }",
    "if { src -n 10.0.0.0/8 127.0.0.1 }",
    "if { path_len 1 4:6 }",
    "if { path -m sub -- -f a }",
];

/// What a request rule does.
pub(crate) const RULES: &[&str] = &[
    "set-header X-Map %[path,map_beg({lists}/paths.map,none)]",
    "set-header X-Map %[path,map_reg({lists}/regs.map)]",
    "set-header X-Map %[path,map_regm({lists}/regs.map,none)]",
    "set-header X-Map \"%[req.hdr(host),map_dom({lists}/words.map)] %[req.hdr(host),map({lists}/numbers.map,-)]\"",
    "set-header X-Map \"%[query,map_sub({lists}/parts.map,none)] %[req.fhdr(x-many),map_sub({lists}/parts.map)]\"",
    "set-header X-Map \"%[src,map_ip({lists}/nets.map,none)] %[path,length,map_int({lists}/lengths.map,none)]\"",
    "set-header X-Map %[req.hdr(host),map_str_int({lists}/numbers.map,7),add(1)]",
    "set-header X-Map %[path,map_dir({lists}/words.map,none)]",
];

/// The lines with the folder and the page in their places.
pub(crate) fn placed(text: &str) -> String {
    let folder = crate::root::root().join("tests/parity");
    text.replace("{lists}", &folder.join("lists").to_string_lossy())
        .replace("{page}", &folder.join("page.http").to_string_lossy())
}
