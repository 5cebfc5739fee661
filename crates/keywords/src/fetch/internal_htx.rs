//! `internal.htx.*`, `internal.htx_blk.*`, `internal.strm.is_htx`: how messages stand in HAProxy's memory (manual 7.3.7, for
//! its developers). Sluice keeps them otherwise; these give what the message at hand would be there: a block for the start
//! line, one for each header, one for the end of the head, one for the body's bytes that have come.

use http::{Header, Kind, Version};
use sample::{Arg, Own};
use state::family::Get;
use state::options::Mode;

use super::prelude::*;

/// What a block takes beside its bytes, what a start line takes beside its words, what the message takes in its buffer.
const BLOCK: usize = 8;
const START_LINE: usize = 20;
const OVERHEAD: usize = 40;

const PLACE: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: true,
    read: |written, _| match written.text {
        "" => Err("a block position is expected (> 0) or a special block name (head, tail, first)".into()),
        "head" | "first" => Ok(Arg::Sint(0)),
        "tail" => Ok(Arg::Sint(-1)),
        text => match text.parse::<u32>() {
            Ok(position) => Ok(Arg::Sint(i64::from(position))),
            Err(_) => Err("invalid block position".into()),
        },
    },
});

const IDX: &[ArgSpec] = &[ArgSpec::required("idx", PLACE)];

const GIVEN: &str = "POST /foo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";

pub(super) const KEYWORDS: &[Fetch] = &[
    size(
        "internal.htx.data",
        "The bytes of all blocks.",
        &[Example { given: GIVEN, expr: "internal.htx.data", gives: "59" }],
        |_, cx| {
            let htx = Htx::of(cx)?;
            number(htx.data())
        },
    ),
    size(
        "internal.htx.free",
        "The bytes that are free.",
        &[Example { given: GIVEN, expr: "internal.htx.free", gives: "16245" }],
        |_, cx| {
            let htx = Htx::of(cx)?;
            number(htx.size.saturating_sub(htx.used()))
        },
    ),
    size(
        "internal.htx.free_data",
        "The bytes that are free for one more block.",
        &[Example { given: GIVEN, expr: "internal.htx.free_data", gives: "16237" }],
        |_, cx| {
            let htx = Htx::of(cx)?;
            number(htx.size.saturating_sub(htx.used() + BLOCK))
        },
    ),
    size(
        "internal.htx.nbblks",
        "The number of blocks.",
        &[Example { given: GIVEN, expr: "internal.htx.nbblks", gives: "5" }],
        |_, cx| {
            let htx = Htx::of(cx)?;
            number(htx.count())
        },
    ),
    size(
        "internal.htx.size",
        "The bytes there is room for.",
        &[Example { given: GIVEN, expr: "internal.htx.size", gives: "16344" }],
        |_, cx| {
            let htx = Htx::of(cx)?;
            number(htx.size)
        },
    ),
    size(
        "internal.htx.used",
        "The bytes of all blocks and of what describes them.",
        &[Example { given: GIVEN, expr: "internal.htx.used", gives: "99" }],
        |_, cx| {
            let htx = Htx::of(cx)?;
            number(htx.used())
        },
    ),
    Fetch {
        name: "internal.htx.has_eom",
        args: &[],
        gives: Type::Bool,
        needs: Needs::EitherHead,
        doc: "Whether the message is complete.",
        examples: &[Example { given: GIVEN, expr: "internal.htx.has_eom", gives: "1" }],
        get: |_, cx| Htx::of(cx).map(|htx| Value::Bool(htx.whole)),
        each: None,
    },
    block(
        "internal.htx_blk.data",
        Type::Bin,
        "The bytes of a block of the body.",
        &[Example { given: GIVEN, expr: "internal.htx_blk.data(tail)", gives: "hi" }],
        |args, cx| {
            let (htx, at) = Htx::at_block(args, cx)?;
            Some(Value::Bin(if htx.kind(at) == "HTX_BLK_DATA" { htx.content } else { b"" }))
        },
    ),
    block(
        "internal.htx_blk.hdrname",
        Type::Str,
        "The name of a header's block.",
        &[Example { given: GIVEN, expr: "internal.htx_blk.hdrname(1)", gives: "host" }],
        |args, cx| {
            let (htx, at) = Htx::at_block(args, cx)?;
            Some(Value::Str(htx.header(at).map_or(b"", |header| header.name)))
        },
    ),
    block(
        "internal.htx_blk.hdrval",
        Type::Str,
        "The value of a header's block.",
        &[Example { given: GIVEN, expr: "internal.htx_blk.hdrval(1)", gives: "a" }],
        |args, cx| {
            let (htx, at) = Htx::at_block(args, cx)?;
            Some(Value::Str(htx.header(at).map_or(b"", |header| header.value)))
        },
    ),
    block(
        "internal.htx_blk.size",
        Type::Sint,
        "The bytes of a block.",
        &[Example { given: GIVEN, expr: "internal.htx_blk.size(tail)", gives: "2" }],
        |args, cx| {
            let (htx, at) = Htx::at_block(args, cx)?;
            number(htx.block(at))
        },
    ),
    Fetch {
        name: "internal.htx_blk.start_line",
        args: IDX,
        gives: Type::Str,
        needs: Needs::EitherHead,
        doc: "The start line, of the block that holds it.",
        examples: &[
            Example { given: GIVEN, expr: "internal.htx_blk.start_line(head)", gives: "POST /foo HTTP/1.1" },
            Example { given: GIVEN, expr: "internal.htx_blk.start_line(1)", gives: "" },
        ],
        get: |args, cx| {
            let (htx, at) = Htx::at_block(args, cx)?;
            let line = if at == 0 { htx.start_line().join(&b' ') } else { Vec::new() };
            Some(Value::Str(cx.arena.alloc_slice_copy(&line)))
        },
        each: None,
    },
    block(
        "internal.htx_blk.type",
        Type::Str,
        "What kind of block it is.",
        &[Example { given: GIVEN, expr: "internal.htx_blk.type(2)", gives: "HTX_BLK_HDR" }],
        |args, cx| {
            let (htx, at) = Htx::at_block(args, cx)?;
            Some(Value::Str(htx.kind(at).as_bytes()))
        },
    ),
    Fetch {
        name: "internal.strm.is_htx",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Nothing,
        doc: "Whether the stream is one of HTTP.",
        examples: &[Example { given: GIVEN, expr: "internal.strm.is_htx", gives: "1" }],
        get: |_, cx| {
            let frontend = cx.world.frontend(cx.stream?.frontend)?;
            Some(Value::Bool(frontend.mode == Mode::Http || cx.session.upgraded))
        },
        each: None,
    },
];

const fn size(name: &'static str, doc: &'static str, examples: &'static [Example], get: Get) -> Fetch {
    Fetch { name, args: &[], gives: Type::Sint, needs: Needs::EitherHead, doc, examples, get, each: None }
}

const fn block(
    name: &'static str,
    gives: Type,
    doc: &'static str,
    examples: &'static [Example],
    get: Get,
) -> Fetch {
    Fetch { name, args: IDX, gives, needs: Needs::EitherHead, doc, examples, get, each: None }
}

fn number<'a>(n: usize) -> Option<Value<'a>> {
    i64::try_from(n).ok().map(Value::Sint)
}

/// A message as it would stand in HAProxy's memory.
struct Htx<'a> {
    message: &'a Message,
    /// What has come of the body, where rules look at it.
    content: &'a [u8],
    whole: bool,
    size: usize,
}

impl<'a> Htx<'a> {
    fn of(cx: &Ctx<'a>) -> Option<Self> {
        let (message, stream) = (head(cx)?, cx.stream?);
        let body = match cx.side {
            Side::Request => &stream.request_body,
            Side::Response => &stream.response_body,
        };
        Some(Self {
            message,
            content: &body.content,
            whole: body.size == u64::try_from(body.content.len()).ok()?,
            size: usize::try_from(cx.world.global.buffer_size).ok()?.saturating_sub(OVERHEAD),
        })
    }

    /// The same, and the block that the argument names; the position behind the last where there is none.
    fn at_block(args: &Args, cx: &Ctx<'a>) -> Option<(Self, usize)> {
        let htx = Self::of(cx)?;
        let at = usize::try_from(args.int(0)?).unwrap_or(htx.count().saturating_sub(1));
        Some((htx, at))
    }

    fn headers(&self) -> usize {
        self.message.header_count()
    }

    fn count(&self) -> usize {
        self.headers() + 2 + usize::from(!self.content.is_empty())
    }

    fn header(&self, at: usize) -> Option<Header<'a>> {
        self.message.header(at.checked_sub(1)?)
    }

    fn start_line(&self) -> [&'a [u8]; 3] {
        let message = self.message;
        let version: &[u8] = match message.version() {
            Version::HTTP_10 => b"HTTP/1.0",
            Version::HTTP_11 => b"HTTP/1.1",
            Version::HTTP_2 => b"HTTP/2.0",
            Version::HTTP_3 => b"HTTP/3.0",
            _ => message.protocol_bytes(),
        };
        match message.kind() {
            Kind::Request => [message.method_bytes(), message.target_bytes(), version],
            Kind::Response => [version, message.status_bytes(), message.reason()],
        }
    }

    fn kind(&self, at: usize) -> &'static str {
        match at.checked_sub(self.headers() + 1) {
            None if at > 0 => "HTX_BLK_HDR",
            None if self.message.kind() == Kind::Request => "HTX_BLK_REQ_SL",
            None => "HTX_BLK_RES_SL",
            Some(0) => "HTX_BLK_EOH",
            Some(1) if !self.content.is_empty() => "HTX_BLK_DATA",
            Some(_) => "HTX_BLK_UNUSED",
        }
    }

    /// The bytes of a block.
    fn block(&self, at: usize) -> usize {
        match self.kind(at) {
            "HTX_BLK_HDR" => self.header(at).map_or(0, |h| h.name.len() + h.value.len()),
            "HTX_BLK_EOH" => 1,
            "HTX_BLK_DATA" => self.content.len(),
            "HTX_BLK_UNUSED" => 0,
            _ => START_LINE + self.start_line().iter().map(|word| word.len()).sum::<usize>(),
        }
    }

    fn data(&self) -> usize {
        (0..self.count()).map(|at| self.block(at)).sum()
    }

    fn used(&self) -> usize {
        self.data() + self.count() * BLOCK
    }
}
