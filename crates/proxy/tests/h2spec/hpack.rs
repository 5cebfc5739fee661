//! h2spec's group "hpack" (RFC 7541): what can't be decoded ends the connection, for nobody knows what its tables hold then.

use crate::Case;
use crate::peer::*;

pub(crate) const CASES: &[Case] = &[
    ("hpack/2.3.3/1 an index beyond both tables", |p| bad(p, &[0xc6])),
    ("hpack/2.3.3/2 a literal whose name is beyond both tables", |p| bad(p, b"\x7f\x07\x01a")),
    ("hpack/4.2/1 an update of the table's size behind fields", |p| bad(p, &[0x20])),
    ("hpack/5.2/1 padding of more than 7 bits", |p| bad(p, b"\x00\x01x\x84\x1d\x8b\xff\xff")),
    ("hpack/5.2/2 padding of zeros", |p| bad(p, b"\x00\x01x\x81\x18")),
    ("hpack/5.2/3 the code for the end", |p| bad(p, b"\x00\x01x\x84\xff\xff\xff\xff")),
    ("hpack/6.1/1 the index 0", |p| bad(p, &[0x80])),
    ("hpack/6.3/1 a table larger than was allowed", |p| {
        p.frame(HEADERS, WHOLE, 1, &[b"\x3f\xe2\x1f", &list(&GET)[..]].concat()).broken(&[COMPRESSION_ERROR])
    }),
];

fn bad(peer: &mut Peer, behind: &[u8]) -> crate::Outcome {
    peer.frame(HEADERS, WHOLE, 1, &[&list(&GET), behind].concat()).broken(&[COMPRESSION_ERROR])
}
