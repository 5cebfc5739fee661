//! SETTINGS (RFC 9113 section 6.5).

use super::Code;

/// What one end wants of the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Bytes of the table with which its sender decodes.
    pub header_table: u32,
    /// Streams that the other end may have open at once.
    pub max_streams: u32,
    /// Bytes that may be sent on a new stream.
    pub initial_window: u32,
    /// Bytes of a frame's payload.
    pub max_frame: u32,
    /// Whether requests may ask for another protocol (RFC 8441).
    pub connect_protocol: bool,
}

impl Default for Settings {
    /// Those that hold while nothing was said.
    fn default() -> Settings {
        Settings {
            header_table: 4096,
            max_streams: u32::MAX,
            initial_window: 65_535,
            max_frame: 16_384,
            connect_protocol: false,
        }
    }
}

const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// The largest window, and the largest frame there can be.
pub(super) const MAX_WINDOW: i64 = 0x7fff_ffff;
const MAX_MAX_FRAME: u32 = 0xff_ffff;

impl Settings {
    /// Takes the settings of a frame's payload.
    pub(super) fn take(&mut self, payload: &[u8]) -> Result<(), Code> {
        let (pairs, []) = payload.as_chunks::<6>() else { return Err(Code::FRAME_SIZE_ERROR) };
        for [i0, i1, v0, v1, v2, v3] in pairs {
            let value = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
            match u16::from_be_bytes([*i0, *i1]) {
                HEADER_TABLE_SIZE => self.header_table = value,
                MAX_CONCURRENT_STREAMS => self.max_streams = value,
                INITIAL_WINDOW_SIZE if i64::from(value) > MAX_WINDOW => return Err(Code::FLOW_CONTROL_ERROR),
                INITIAL_WINDOW_SIZE => self.initial_window = value,
                MAX_FRAME_SIZE if !(16_384..=MAX_MAX_FRAME).contains(&value) => {
                    return Err(Code::PROTOCOL_ERROR);
                }
                MAX_FRAME_SIZE => self.max_frame = value,
                ENABLE_PUSH | ENABLE_CONNECT_PROTOCOL if value > 1 => return Err(Code::PROTOCOL_ERROR),
                ENABLE_CONNECT_PROTOCOL => self.connect_protocol = value == 1,
                // Nothing is pushed anyway; what isn't known is ignored.
                _ => {}
            }
        }
        Ok(())
    }

    /// Appends what differs from the defaults; a client's (`client`) says that nothing is to be pushed.
    pub(super) fn write(&self, client: bool, out: &mut Vec<u8>) {
        let usual = Settings::default();
        let mut put = |id: u16, value: u32, differs: bool| {
            if differs {
                out.extend_from_slice(&id.to_be_bytes());
                out.extend_from_slice(&value.to_be_bytes());
            }
        };
        put(ENABLE_PUSH, 0, client);
        put(HEADER_TABLE_SIZE, self.header_table, self.header_table != usual.header_table);
        put(MAX_CONCURRENT_STREAMS, self.max_streams, self.max_streams != usual.max_streams);
        put(INITIAL_WINDOW_SIZE, self.initial_window, self.initial_window != usual.initial_window);
        put(MAX_FRAME_SIZE, self.max_frame, self.max_frame != usual.max_frame);
        put(ENABLE_CONNECT_PROTOCOL, 1, self.connect_protocol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_taken() {
        let settings = Settings {
            header_table: 0,
            max_streams: 100,
            initial_window: 1 << 20,
            max_frame: 32_768,
            connect_protocol: true,
        };
        let (mut out, mut back) = (Vec::new(), Settings::default());
        settings.write(true, &mut out);
        back.take(&out).unwrap();
        assert_eq!((back, out.len()), (settings, 36));
        out.clear();
        Settings::default().write(false, &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let taken = |id: u16, value: u32| {
            let bytes = [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
            Settings::default().take(&bytes)
        };
        assert_eq!(taken(4, 1 << 31), Err(Code::FLOW_CONTROL_ERROR));
        assert_eq!(taken(5, 16_383), Err(Code::PROTOCOL_ERROR));
        assert_eq!(taken(5, 1 << 24), Err(Code::PROTOCOL_ERROR));
        assert_eq!((taken(2, 2), taken(8, 2)), (Err(Code::PROTOCOL_ERROR), Err(Code::PROTOCOL_ERROR)));
        assert_eq!((taken(2, 1), taken(99, 7), taken(6, 1)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(Settings::default().take(&[0; 5]), Err(Code::FRAME_SIZE_ERROR));
    }
}
