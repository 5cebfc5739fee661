//! The encoders behind compression: bytes in, as many of the encoded ones out as there can be, so that nothing that a
//! server has sent waits for what it sends next. Encoders for gzip and deflate are kept by each thread and used again.

use std::cell::RefCell;
use std::fmt;
use std::io::Write;

use flate2::{Compress, Compression, FlushCompress, Status};
use state::compression::Algorithm;
use zstd::stream::raw::{InBuffer, Operation, OutBuffer};

/// The window of deflate: 2 to the power of this many bytes.
const WINDOW: u8 = 15;
/// How many unused encoders of a kind a thread keeps.
const KEEP: usize = 8;
/// Room made at a time for what an encoder gives.
const ROOM: usize = 16 * 1024;

thread_local! {
    static UNUSED: RefCell<Vec<(Algorithm, u8, Compress)>> = const { RefCell::new(Vec::new()) };
}

/// An encoder at work on one body.
pub(super) struct Encoder {
    algorithm: Algorithm,
    level: u8,
    /// The level now: less than `level` while the process compresses too much.
    now: u8,
    inner: Option<Inner>,
}

enum Inner {
    Flate(Compress),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::raw::Encoder<'static>),
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Encoder {
    /// One for a new body; none where there is nothing to encode. `level`: 1 to 9.
    pub(super) fn take(algorithm: Algorithm, level: u8) -> Option<Self> {
        /// Windows of at most 256 KiB: a proxy holds many at once.
        const BROTLI_WINDOW: u32 = 18;
        let inner = match algorithm {
            Algorithm::Identity => return None,
            Algorithm::Brotli => {
                let writer = brotli::CompressorWriter::new(Vec::new(), 4096, u32::from(level), BROTLI_WINDOW);
                Inner::Brotli(Box::new(writer))
            }
            Algorithm::Zstd => Inner::Zstd(zstd::stream::raw::Encoder::new(i32::from(level)).ok()?),
            Algorithm::Gzip | Algorithm::Deflate | Algorithm::RawDeflate => {
                Inner::Flate(flate(algorithm, level))
            }
        };
        Some(Self { algorithm, level, now: level, inner: Some(inner) })
    }

    /// Takes all of `bytes` and appends what it makes of them; `last` ends the encoded body. False if that failed.
    pub(super) fn run(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> bool {
        match &mut self.inner {
            Some(Inner::Flate(compress)) => deflate(compress, bytes, last, out),
            Some(Inner::Zstd(encoder)) => zstd_run(encoder, bytes, last, out),
            Some(Inner::Brotli(writer)) => {
                let taken = writer.write_all(bytes).and_then(|()| writer.flush()).is_ok();
                out.append(writer.get_mut());
                if last && let Some(Inner::Brotli(writer)) = self.inner.take() {
                    out.extend_from_slice(&writer.into_inner());
                }
                taken
            }
            None => bytes.is_empty(),
        }
    }

    /// Takes less trouble while the process compresses more than it should, and more again later.
    pub(super) fn strain(&mut self, too_much: bool) {
        let wanted = if too_much { self.now.saturating_sub(1) } else { (self.now + 1).min(self.level) };
        let Some(Inner::Flate(compress)) = self.inner.as_mut().filter(|_| wanted != self.now) else { return };
        if compress.set_level(Compression::new(u32::from(wanted))).is_ok() {
            self.now = wanted;
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let Some(Inner::Flate(mut compress)) = self.inner.take().filter(|_| self.now == self.level) else {
            return;
        };
        // They are gone only while the thread ends.
        let _ = UNUSED.try_with(|unused| {
            let mut unused = unused.borrow_mut();
            if unused.iter().filter(|(algorithm, ..)| *algorithm == self.algorithm).count() < KEEP {
                compress.reset();
                unused.push((self.algorithm, self.level, compress));
            }
        });
    }
}

fn flate(algorithm: Algorithm, level: u8) -> Compress {
    let kept = UNUSED.with(|unused| {
        let mut unused = unused.borrow_mut();
        let at = unused.iter().rposition(|(kind, own, _)| (*kind, *own) == (algorithm, level));
        at.map(|at| unused.swap_remove(at).2)
    });
    let level = Compression::new(u32::from(level));
    kept.unwrap_or_else(|| match algorithm {
        Algorithm::Gzip => Compress::new_gzip(level, WINDOW),
        other => Compress::new_with_window_bits(level, other == Algorithm::Deflate, WINDOW),
    })
}

fn deflate(compress: &mut Compress, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) -> bool {
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        out.reserve(ROOM.min(bytes.len() + 64));
        let (before, room) = (compress.total_in(), out.capacity() - out.len());
        let made = out.len();
        let Ok(status) = compress.compress_vec(bytes, out, flush) else { return false };
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(usize::MAX);
        bytes = bytes.get(taken..).unwrap_or_default();
        match status {
            Status::StreamEnd => return bytes.is_empty(),
            // Room that was left over says that nothing more waits inside.
            Status::Ok | Status::BufError if bytes.is_empty() && !last && out.len() - made < room => {
                return true;
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

fn zstd_run(
    encoder: &mut zstd::stream::raw::Encoder<'static>,
    bytes: &[u8],
    last: bool,
    out: &mut Vec<u8>,
) -> bool {
    let mut input = InBuffer::around(bytes);
    loop {
        let made = out.len();
        out.resize(made + ROOM, 0);
        let Some(room) = out.get_mut(made..) else { return false };
        let mut output = OutBuffer::around(room);
        let left = if input.pos() < bytes.len() {
            encoder.run(&mut input, &mut output).map(|_| 1)
        } else if last {
            encoder.finish(&mut output, true)
        } else {
            encoder.flush(&mut output)
        };
        let written = output.pos();
        out.truncate(made + written);
        match left {
            Ok(0) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn decode(algorithm: Algorithm, encoded: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match algorithm {
            Algorithm::Identity => plain.extend_from_slice(encoded),
            Algorithm::Gzip => {
                flate2::read::GzDecoder::new(encoded).read_to_end(&mut plain).unwrap();
            }
            Algorithm::Deflate => {
                flate2::read::ZlibDecoder::new(encoded).read_to_end(&mut plain).unwrap();
            }
            Algorithm::RawDeflate => {
                flate2::read::DeflateDecoder::new(encoded).read_to_end(&mut plain).unwrap();
            }
            Algorithm::Brotli => {
                brotli::Decompressor::new(encoded, 4096).read_to_end(&mut plain).unwrap();
            }
            Algorithm::Zstd => plain = zstd::stream::decode_all(encoded).unwrap(),
        }
        plain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Whatever the pieces: what is decoded is what was given, also after a strain, also by encoders used before.
        #[test]
        fn what_is_decoded_is_what_was_given(
            pieces in prop::collection::vec((prop::collection::vec(0u8..6, 0..3000), any::<bool>()), 0..12),
            repeated in 1usize..20,
            level in 1u8..=9,
        ) {
            for algorithm in Algorithm::ALL {
                let (mut plain, mut encoded) = (Vec::new(), Vec::new());
                let Some(mut encoder) = Encoder::take(algorithm, level) else { continue };
                for (at, (piece, strained)) in pieces.iter().enumerate() {
                    let piece = piece.repeat(repeated);
                    encoder.strain(*strained);
                    prop_assert!(encoder.run(&piece, at + 1 == pieces.len(), &mut encoded));
                    plain.extend_from_slice(&piece);
                }
                if pieces.is_empty() {
                    prop_assert!(encoder.run(&[], true, &mut encoded));
                }
                prop_assert_eq!(decode(algorithm, &encoded), plain);
            }
        }
    }

    #[test]
    fn nothing_waits_for_what_comes_next() {
        let mut encoder = Encoder::take(Algorithm::Gzip, 1).unwrap();
        let mut encoded = Vec::new();
        assert!(encoder.run(b"an event", false, &mut encoded));
        let mut plain = [0; 8];
        flate2::read::GzDecoder::new(&encoded[..]).read_exact(&mut plain).unwrap();
        assert_eq!(&plain, b"an event");
    }
}
