//! Reading header lists, as far as their receiver wants them.

use super::huffman;
use super::table::Table;

/// Who gets a list's fields.
pub trait Sink {
    /// Takes a field. False: no more of the list is wanted, and it is refused.
    fn field(&mut self, name: &[u8], value: &[u8]) -> bool;
}

/// Why a list is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bad {
    /// It is malformed, so that the tables of both ends are no longer the same.
    Malformed,
    /// Its receiver had enough.
    Unwanted,
}

/// The decoder of one direction of a connection.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// The size of the table that was allowed.
    most: usize,
    /// Strings that were Huffman-coded.
    name: Vec<u8>,
    value: Vec<u8>,
}

/// Bytes of memory that are kept for coded strings.
const KEEP: usize = 1024;

impl Decoder {
    /// `most`: how large the peer may make its table (`SETTINGS_HEADER_TABLE_SIZE`).
    pub const fn new(most: usize) -> Decoder {
        Decoder { table: Table::new(most), most, name: Vec::new(), value: Vec::new() }
    }

    /// Decodes a whole list.
    pub fn decode(&mut self, input: &[u8], sink: &mut impl Sink) -> Result<(), Bad> {
        let done = self.fields(input, sink);
        self.name.clear();
        self.value.clear();
        self.name.shrink_to(KEEP);
        self.value.shrink_to(KEEP);
        done
    }

    fn fields(&mut self, mut input: &[u8], sink: &mut impl Sink) -> Result<(), Bad> {
        let mut first = true;
        while let [byte, ..] = *input {
            let wanted = match byte {
                0x80.. => {
                    let index = number(&mut input, 7)?;
                    let (name, value) = self.table.get(index).ok_or(Bad::Malformed)?;
                    sink.field(name, value)
                }
                0x40..=0x7f => self.literal(&mut input, 6, true, sink)?,
                0x20..=0x3f if first => {
                    let size = number(&mut input, 5)?;
                    if size > self.most {
                        return Err(Bad::Malformed);
                    }
                    self.table.resize(size);
                    continue;
                }
                // A change of size is possible at the beginning only (RFC 7541 section 4.2).
                0x20..=0x3f => return Err(Bad::Malformed),
                _ => self.literal(&mut input, 4, false, sink)?,
            };
            first = false;
            if !wanted {
                return Err(Bad::Unwanted);
            }
        }
        Ok(())
    }

    fn literal(
        &mut self,
        input: &mut &[u8],
        bits: u32,
        keep: bool,
        sink: &mut impl Sink,
    ) -> Result<bool, Bad> {
        let index = number(input, bits)?;
        self.name.clear();
        self.value.clear();
        if index == 0 {
            string(input, &mut self.name)?;
        } else {
            let (name, _) = self.table.get(index).ok_or(Bad::Malformed)?;
            self.name.extend_from_slice(name);
        }
        string(input, &mut self.value)?;
        if keep {
            self.table.add(&self.name, &self.value);
        }
        Ok(sink.field(&self.name, &self.value))
    }
}

/// Takes a number with a prefix of so many bits (RFC 7541 section 5.1), of at most 28 bits.
fn number(input: &mut &[u8], bits: u32) -> Result<usize, Bad> {
    let mut next = || -> Result<usize, Bad> {
        let (first, rest) = input.split_first().ok_or(Bad::Malformed)?;
        *input = rest;
        Ok(usize::from(*first))
    };
    let most = (1usize << bits) - 1;
    let mut value = next()? & most;
    if value < most {
        return Ok(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = next()?;
        value += (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Bad::Malformed)
}

/// Takes a string (RFC 7541 section 5.2).
fn string(input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
    let coded = input.first().is_some_and(|byte| byte & 0x80 != 0);
    let len = number(input, 7)?;
    let (text, rest) = input.split_at_checked(len).ok_or(Bad::Malformed)?;
    *input = rest;
    if coded {
        return huffman::decode(text, out).map_err(|_| Bad::Malformed);
    }
    out.extend_from_slice(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct List(String, usize);

    impl Sink for List {
        fn field(&mut self, name: &[u8], value: &[u8]) -> bool {
            self.0.push_str(&format!("{}={};", name.escape_ascii(), value.escape_ascii()));
            self.1 += 1;
            self.1 < 100
        }
    }

    #[track_caller]
    fn gives(decoder: &mut Decoder, hex: &str, expected: &str, size: usize) {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
        let mut list = List::default();
        decoder.decode(&bytes, &mut list).unwrap();
        assert_eq!((list.0.as_str(), decoder.table.size()), (expected, size));
    }

    /// RFC 7541 appendix C.3, C.4: the same requests without and with Huffman coding.
    #[test]
    fn the_requests_of_the_rfc() {
        let lists = [
            (":method=GET;:scheme=http;:path=/;:authority=www.example.com;", 57),
            (":method=GET;:scheme=http;:path=/;:authority=www.example.com;cache-control=no-cache;", 110),
            (
                ":method=GET;:scheme=https;:path=/index.html;:authority=www.example.com;custom-key=custom-value;",
                164,
            ),
        ];
        let plain = [
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ];
        let coded = [
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ];
        for hex in [plain, coded] {
            let mut decoder = Decoder::new(4096);
            for (hex, (list, size)) in hex.into_iter().zip(lists) {
                gives(&mut decoder, hex, list, size);
            }
        }
    }

    /// RFC 7541 appendix C.6: responses with a table of 256 bytes, so that entries go.
    #[test]
    fn the_responses_of_the_rfc() {
        let mut decoder = Decoder::new(256);
        let (date, url) = ("Mon, 21 Oct 2013 20:13:21 GMT", "https://www.example.com");
        let first = "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3";
        gives(
            &mut decoder,
            first,
            &format!(":status=302;cache-control=private;date={date};location={url};"),
            222,
        );
        let second = "4883640effc1c0bf";
        gives(
            &mut decoder,
            second,
            &format!(":status=307;cache-control=private;date={date};location={url};"),
            222,
        );
        let third = "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007";
        let cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
        let date = "Mon, 21 Oct 2013 20:13:22 GMT";
        let list = format!(
            ":status=200;cache-control=private;date={date};location={url};content-encoding=gzip;set-cookie={cookie};"
        );
        gives(&mut decoder, third, &list, 215);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let bad: [&[u8]; 9] = [
            &[0x80],                            // index 0
            &[0xbe],                            // an entry that isn't there
            &[0x40, 0x85, b'a'],                // a string beyond the end
            &[0x00, 0x81, 0x18, 0x00],          // wrong padding
            &[0x82, 0x20],                      // a change of size after a field
            &[0x3f, 0xe2, 0x1f],                // 4097 bytes of table
            &[0xff, 0x80, 0x80, 0x80, 0x80, 0], // a number without end
            &[0x7f],
            &[0x00],
        ];
        for input in bad {
            assert_eq!(
                Decoder::new(4096).decode(input, &mut List::default()),
                Err(Bad::Malformed),
                "{input:?}"
            );
        }
        assert_eq!(Decoder::new(4096).decode(&[0x82; 200], &mut List::default()), Err(Bad::Unwanted));
    }
}
