//! What was observed of HAProxy when it got the same configuration lines and the same bytes.

/// Observed choices for the requests of the test above.
pub(crate) const HASHES: &[(&str, &[u16], &str)] = &[
    ("uri", &[1, 1, 1, 1, 1, 1, 1], "12345601232345"),
    ("uri whole", &[1, 1, 1, 1, 1, 1, 1], "00000000002222"),
    ("hdr(host)", &[1, 1, 1, 1, 1, 1, 1], "45601234566012"),
    ("hdr(x-u)", &[3, 5, 1], "11011201011011"),
    ("hash path", &[1, 1, 1, 1, 1, 1, 1], "12345601232345"),
    ("uri hash-type map-based djb2", &[1, 1, 1, 1, 1, 1, 1], "56012345604560"),
    ("uri hash-type map-based crc32", &[1, 1, 1, 1, 1, 1, 1], "32112341603424"),
    ("uri hash-type map-based sdbm avalanche", &[2, 3, 2], "00020221112121"),
    ("uri hash-type map-based djb2 avalanche", &[1, 1, 1, 1, 1, 1, 1], "45404515164626"),
];

/// Rules, and what was observed: `METHOD target|first x-v|second x-v|names of headers|x-o|`.
pub(crate) const EFFECTS: &[(&str, &str)] = &[
    (
        "http-request set-header x-o \"a%[bin(0d0a41007f)]b\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|a%0D%0AAb|",
    ),
    (
        "http-request set-header x-o \"%[req.fhdr(x-t)]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|tab\there|",
    ),
    ("http-request set-header x-o %[bin(4142)]", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|AB|"),
    (
        "http-request set-header x-o \"%[var(txn.z)]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o||",
    ),
    ("http-request replace-header x-v b X", "GET /a/b?x=1|X|X|host,x-v,x-v,x-t,cookie||"),
    ("http-request replace-header x-v \"(b)\" \"[\\1]\"", "GET /a/b?x=1|[b]|[b]|host,x-v,x-v,x-t,cookie||"),
    ("http-request replace-value x-v b X", "GET /a/b?x=1|X,X|X|host,x-v,x-v,x-t,cookie||"),
    ("http-request del-header x- -m beg", "GET /a/b?x=1|||host,cookie||"),
    ("http-request del-header V -m end", "GET /a/b?x=1|||host,x-t,cookie||"),
    ("http-request del-header o -m sub", "GET /a/b?x=1|abc, dbe|zbz|x-v,x-v,x-t||"),
    ("http-request del-header x-v", "GET /a/b?x=1|||host,x-t,cookie||"),
    ("http-request set-path /n?z", "GET /n?z?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-path n", "GET n?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-pathq /n?z", "GET /n?z|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-query q=2", "GET /a/b?q=2|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-uri http://o/z", "GET http://o/z|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-uri /y", "GET /y|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    (
        "http-request replace-path \"/a(.*)\" \"/c\\1\\1\"",
        "GET /c/b/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||",
    ),
    ("http-request replace-path b X", "GET X?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request replace-pathq \"x=1\" y", "GET y|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request replace-uri \"(.*)\" \"\\1&k\"", "GET /a/b?x=1&k|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request replace-path zzz y", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request replace-uri \"^([^?]*)\" \"/q\\1\"", "GET /q/a/b|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    (
        "http-request set-var(txn.a) str(x) ## http-request set-header x-o \"%[var(txn.a)]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|x|",
    ),
    (
        "http-request set-var(txn.a,ifnotexists) str(x) ## http-request set-var(txn.a,ifnotexists) str(y) ## http-request set-header x-o \"%[var(txn.a)]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|x|",
    ),
    (
        "http-request set-var(txn.a,ifexists) str(x) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[]|",
    ),
    (
        "http-request set-var(txn.a,ifset) str(x) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[]|",
    ),
    (
        "http-request set-var(txn.a) int(5) ## http-request set-var(txn.a,ifgt) int(3) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[3]|",
    ),
    (
        "http-request set-var(txn.a) int(5) ## http-request set-var(txn.a,iflt) int(3) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[5]|",
    ),
    (
        "http-request set-var(txn.a,ifempty) str() ## http-request set-header x-o \"[%[var(txn.a),length]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[0]|",
    ),
    (
        "http-request set-var(txn.a,ifnotempty) str() ## http-request set-header x-o \"[%[var(txn.a),length]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[]|",
    ),
    (
        "http-request set-var(txn.a) req.hdr(nope) ## http-request set-header x-o \"[%[var(txn.a),length]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[]|",
    ),
    (
        "http-request set-var(txn.a) str(q) ## http-request set-var(txn.a) req.hdr(nope) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[q]|",
    ),
    (
        "http-request set-var(txn.a) str(q) ## http-request unset-var(txn.a) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[]|",
    ),
    (
        "http-request set-var(txn.a,ifset,ifempty) str(q) ## http-request set-header x-o \"[%[var(txn.a)]]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|[]|",
    ),
    (
        "http-request set-dst ipv4(9.8.7.6) ## http-request set-dst-port int(70000) ## http-request set-header x-o \"%[dst] %[dst_port]\"",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|9.8.7.6 4464|",
    ),
    ("http-request set-log-level silent", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    (
        "http-request deny if ## http-request set-header x-o empty",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|empty|",
    ),
    (
        "http-request set-header x-o deny if TRUE ||",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|deny|",
    ),
    (
        "http-request set-header x-o deny if || TRUE",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|deny|",
    ),
    ("http-request set-header x-o deny if FALSE ||", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-header x-o y if !", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    ("http-request set-header x-o y unless", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|"),
    (
        "http-request set-header x-o y if FALSE || !FALSE",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { int(5) lt 3 gt 1 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { str(12x) -m int 12 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { str(x) -m int 0 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { str(true) -m bool }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||",
    ),
    (
        "http-request set-header x-o y if { str(1) -m bool }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { path -m dir b/ }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { path -m dir /a/b }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { path -m sub -i B }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { method get }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||",
    ),
    (
        "http-request set-header x-o y if { method -i get }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||",
    ),
    (
        "http-request set-header x-o y if { req.hdr(x-v) -m str \"zbz\" }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { req.fhdr(x-v) \"abc, dbe\" }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { bool(true) 1 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { bool(true) 0 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { bool(true) foo }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { path_len 4 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { int(1) -m str 1 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { int(12) -m beg 1 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { str(a) -m found zz }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { path_end -i /B }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { path,field(2,/) a b }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { hdr(host) -m dom h }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    ("http-request set-header x-o y if { path_beg }", "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie||"),
    (
        "http-request set-header x-o y if { bin(41) -m str A }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
    (
        "http-request set-header x-o y if { str(a) -m bin 61 }",
        "GET /a/b?x=1|abc, dbe|zbz|host,x-v,x-v,x-t,cookie,x-o|y|",
    ),
];

/// Rules that answer, and the answers that were observed.
pub(crate) const ANSWERS: &[(&str, &str)] = &[
    ("return", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    ("return status 200", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    (
        "return status 201 content-type text/x string hi",
        "HTTP/1.1 201 Created\r\ncontent-length: 2\r\ncontent-type: text/x\r\n\r\nhi",
    ),
    (
        "return content-type text/x lf-string \"%[path]\" hdr x-a \"b %[method]\" hdr x-c d",
        "HTTP/1.1 200 OK\r\nx-a: b GET\r\nx-c: d\r\ncontent-length: 4\r\ncontent-type: text/x\r\n\r\n/a/b",
    ),
    (
        "return status 404 default-errorfiles",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 83\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n",
    ),
    ("return content-type x", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    (
        "return default-errorfiles",
        "HTTP/1.1 200 OK\r\ncontent-length: 58\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n",
    ),
    (
        "deny",
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n",
    ),
    (
        "deny deny_status 404",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 83\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n",
    ),
    (
        "deny status 429 content-type text/plain string \"no way\"",
        "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 6\r\ncontent-type: text/plain\r\n\r\nno way",
    ),
    ("deny status 404 hdr x-a b", "HTTP/1.1 404 Not Found\r\nx-a: b\r\ncontent-length: 0\r\n\r\n"),
    ("deny hdr x-a b", "HTTP/1.1 403 Forbidden\r\nx-a: b\r\ncontent-length: 0\r\n\r\n"),
    (
        "tarpit",
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 97\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>500 Internal Server Error</h1>\nAn internal server error occurred.\n</body></html>\n",
    ),
    (
        "tarpit deny_status 429",
        "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 117\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests in a given amount of time.\n</body></html>\n",
    ),
    (
        "redirect location /x",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /x\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect location /x?%[path] code 301",
        "HTTP/1.1 301 Moved Permanently\r\ncontent-length: 0\r\nlocation: /x?/a/b\r\n\r\n",
    ),
    (
        "redirect prefix http://o",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: http://o/a/b?x=1\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect prefix /p drop-query",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /p/a/b\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect prefix /p append-slash",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /p/a/b?x=1/\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect scheme https",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: https://h/a/b?x=1\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect scheme https code 308 set-cookie a=1",
        "HTTP/1.1 308 Permanent Redirect\r\ncontent-length: 0\r\nlocation: https://h/a/b?x=1\r\nset-cookie: a=1; path=/;\r\n\r\n",
    ),
    (
        "redirect location / clear-cookie a",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /\r\ncache-control: no-cache\r\nset-cookie: a; path=/; Max-Age=0;\r\n\r\n",
    ),
    (
        "redirect location / set-cookie b",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /\r\ncache-control: no-cache\r\nset-cookie: b; path=/;\r\n\r\n",
    ),
    (
        "redirect code 303 location /q drop-query",
        "HTTP/1.1 303 See Other\r\ncontent-length: 0\r\nlocation: /q\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect prefix / drop-query",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /a/b\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect prefix /p/",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /p//a/b?x=1\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect location /x keep-query",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /x?x=1\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect location /z?q=2 keep-query",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /z?q=2&x=1\r\ncache-control: no-cache\r\n\r\n",
    ),
    (
        "redirect prefix http://o drop-query append-slash",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: http://o/a/b/\r\ncache-control: no-cache\r\n\r\n",
    ),
];

/// Formats of log lines, and the lines.
pub(crate) const LINES: &[(&str, &str)] = &[
    (
        "%ci:%cp [%trg] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
        "192.0.2.1:50000 [14/Nov/2023:22:13:20 +0000] web app/s1 10/20/5/50/800 200 59 - - ---- 4/3/2/1/+1 0/0 \
         {a#22b]c\\d#23e#09f~#7F||UA #7Bx#7D} {sv} \"GET /a/b?x=1 HTTP/1.1\"",
    ),
    ("%hr|%hs", "{a#22b]c\\d#23e#09f~#7F||UA #7Bx#7D}|{sv}"),
    ("%{+Q}hr", "\"{a#22b]c\\d#23e#09f~#7F||UA #7Bx#7D}\""),
    ("%{+E}hr", "{a#22b\\]c\\\\d#23e#09f~#7F||UA #7Bx#7D}"),
    ("%hrl", "a#22b]c\\d#23e#09f~#7F - UA #7Bx#7D"),
    ("%{+Q}hrl", "\"a#22b]c\\d#23e#09f~#7F\" \"\" \"UA #7Bx#7D\""),
    ("%[capture.req.hdr(0)]", "a\"b]c\\d#e\tf~\x7f"),
    ("%{+Q}[capture.req.hdr(0)]", "\"a\"b]c\\d#e\tf~\x7f\""),
    ("%{+E}[capture.req.hdr(0)]", "a\\\"b\\]c\\\\d#e\tf~\x7f"),
    ("%{+X}[bin(00ff0a)]", "-"),
    ("%{+Q}[bin(00ff0a41)]", "\"\""),
    ("%[capture.req.hdr(1)]|%{+Q}[capture.req.hdr(1)]|%[str()]|%{+Q}[str()]", "-|\"\"|-|\"\""),
    ("  a  b   %ci  %cp  ", "a b 192.0.2.1 50000 "),
    ("%{+Q}o %ci %B %s", "\"192.0.2.1\" 59 \"s1\""),
    (
        "%{+X}o %ci:%cp %fi %fp %bi %bp %si %sp %pid %Ts %rt %ms %ST %B",
        "C0000201:C350 C6336407 0050 - - C000020A 1F90 10E1 6553F100 0007 7B 200 59",
    ),
    (
        "%CC %CS %H %HM %HP %HPO %HQ %HU %HV %T",
        "- - lb1 GET /a/b /a/b ?x=1 /a/b?x=1 HTTP/1.1 14/Nov/2023:22:13:20 +0000",
    ),
    (
        "%Ta %Tc %Td %Th %Ti %Tq %TR %Tr %Ts %Tt %Tu %Tw %U",
        "800 5 715 0 200 210 10 50 1700000000 1000 800 20 89",
    ),
    (
        "%{+Q}o %b %f %ft %HM %HP %HQ %HU %HV %CC %ts %tsc %H %T %hsl",
        "\"app\" \"web\" \"web\" \"GET\" \"/a/b\" \"?x=1\" \"/a/b?x=1\" \"HTTP/1.1\" \"\" -- ---- \"lb1\" 14/Nov/2023:22:13:20 +0000 \"sv\"",
    ),
    ("%sslc %sslv %{+Q}sslc", "- - \"\""),
    (
        "%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
        "0/-/-/-/0 -/-/-",
    ),
    (
        "%[src] %{+Q}[src] %[method] %[be_name] %[srv_name] %[txn.status] %[res.bytes_in] %[req.bytes_in] %[bool(true)]",
        "192.0.2.1 \"192.0.2.1\" GET app s1 200 59 89 1",
    ),
    ("50%% 50%!", "50% 50!"),
];
