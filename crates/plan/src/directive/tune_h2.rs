//! `tune.h2.*` of `global` (manual 3.2): what HTTP/2 connections tell their peers, and what they put up with.

use state::world::{Http2, Http2Side, LogErrors};

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};
use crate::number::atol;

pub(super) const DIRECTIVES: &[Directive] = &[
    tune("tune.h2.initial-window-size", |cx, line| {
        both(cx, line, |side| &mut side.initial_window).map(|window| cap(cx, window))
    }),
    tune("tune.h2.fe.initial-window-size", |cx, line| {
        one(cx, line, |h| &mut h.front.initial_window).map(|window| cap(cx, window))
    }),
    tune("tune.h2.be.initial-window-size", |cx, line| {
        one(cx, line, |h| &mut h.back.initial_window).map(|window| cap(cx, window))
    }),
    tune("tune.h2.max-concurrent-streams", |cx, line| {
        both(cx, line, |side| &mut side.max_streams).map(|_| unlimited(cx))
    }),
    tune("tune.h2.fe.max-concurrent-streams", |cx, line| {
        match word(line, 2) {
            "" => {}
            argument @ ("rq-load" | "min") => {
                let what = format!("'{argument}' of '{}'", line.keyword());
                cx.plan.remarks.not_run(line.span(), &what);
            }
            other => {
                return Err(format!(
                    "'{}' only supports 'rq-load' or 'min' after the numeric value, but found '{other}'.",
                    line.keyword()
                ));
            }
        }
        cx.plan.global.http2.front.max_streams = positive(line)?;
        unlimited(cx);
        Ok(())
    }),
    tune("tune.h2.be.max-concurrent-streams", |cx, line| {
        one(cx, line, |h| &mut h.back.max_streams).map(|_| unlimited(cx))
    }),
    tune("tune.h2.fe.glitches-threshold", |cx, line| one(cx, line, |h| &mut h.front.glitches).map(|_| ())),
    tune("tune.h2.be.glitches-threshold", |cx, line| one(cx, line, |h| &mut h.back.glitches).map(|_| ())),
    tune("tune.h2.fe.max-frames-at-once", |cx, line| one(cx, line, |h| &mut h.front.max_frames).map(|_| ())),
    tune("tune.h2.be.max-frames-at-once", |cx, line| one(cx, line, |h| &mut h.back.max_frames).map(|_| ())),
    tune("tune.h2.fe.max-rst-at-once", |cx, line| one(cx, line, |h| &mut h.max_resets).map(|_| ())),
    tune("tune.h2.log-errors", |cx, line| {
        cx.plan.global.http2.log_errors = match word(line, 1) {
            "none" => LogErrors::None,
            "connection" => LogErrors::Connection,
            "stream" => LogErrors::Stream,
            _ => return Err(format!("'{}' expects 'none', 'connection', or 'stream'", line.keyword())),
        };
        no_more(line, 1)
    }),
    tune("tune.h2.fe.max-total-streams", |cx, line| one(cx, line, |h| &mut h.max_total).map(|_| ())),
    tune("tune.h2.fe.rxbuf", |cx, line| {
        cx.plan.global.http2.front.rx_buffer = size(line)?;
        Ok(())
    }),
    tune("tune.h2.be.rxbuf", |cx, line| {
        cx.plan.global.http2.back.rx_buffer = size(line)?;
        Ok(())
    }),
    tune("tune.h2.header-table-size", |cx, line| {
        cx.plan.global.http2.header_table = between(line, 4096, 65_536)?;
        Ok(())
    }),
    tune("tune.h2.max-frame-size", |cx, line| {
        cx.plan.global.http2.max_frame = between(line, 16_384, 16_777_215)?;
        Ok(())
    }),
];

/// Streams of a connection where none is too many.
const MANY: u32 = 65_536;

/// A setting of both sides.
fn both<'a>(
    cx: &mut Ctx<'_, 'a>,
    line: Line<'a>,
    which: fn(&mut Http2Side) -> &mut u32,
) -> Result<u32, String> {
    no_more(line, 1)?;
    let value = positive(line)?;
    let http2 = &mut cx.plan.global.http2;
    for side in [&mut http2.front, &mut http2.back] {
        *which(side) = value;
    }
    Ok(value)
}

fn one<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, which: fn(&mut Http2) -> &mut u32) -> Result<u32, String> {
    no_more(line, 1)?;
    let value = positive(line)?;
    *which(&mut cx.plan.global.http2) = value;
    Ok(value)
}

/// No window is larger than 2^31 - 1.
fn cap(cx: &mut Ctx<'_, '_>, _: u32) {
    let http2 = &mut cx.plan.global.http2;
    for side in [&mut http2.front, &mut http2.back] {
        side.initial_window = side.initial_window.min(0x7fff_ffff);
    }
}

/// 0 streams are as many as there can be.
fn unlimited(cx: &mut Ctx<'_, '_>) {
    let http2 = &mut cx.plan.global.http2;
    for side in [&mut http2.front, &mut http2.back] {
        side.max_streams = if side.max_streams == 0 { MANY } else { side.max_streams.min(MANY) };
    }
}

/// A size of at most 1 GiB.
fn size(line: Line<'_>) -> Result<u32, String> {
    no_more(line, 1)?;
    let text = line.word(1).map(|w| w.bytes()).unwrap_or_default();
    let size = config::literal::size(text).map_err(|error| error.message(line.keyword()))?;
    Ok(size.min(1 << 30))
}

fn positive(line: Line<'_>) -> Result<u32, String> {
    let value = u32::try_from(atol(word(line, 1)));
    value.map_err(|_| format!("'{}' expects a positive numeric value.", line.keyword()))
}

fn between(line: Line<'_>, least: u32, most: u32) -> Result<u32, String> {
    no_more(line, 1)?;
    let value = u32::try_from(atol(word(line, 1))).ok().filter(|value| (least..=most).contains(value));
    value.ok_or_else(|| format!("'{}' expects a numeric value between {least} and {most}.", line.keyword()))
}

const fn tune(name: &'static str, apply: for<'a> fn(&mut Ctx<'_, 'a>, Line<'a>) -> Applied) -> Directive {
    Directive { name, sections: at::GLOBAL, apply }
}
