//! `capture-req`, `capture-res`: keeping the input for logs (manual 7.3.1).

use state::captured::Captured;
use state::frontend::Capture;

use super::prelude::*;

const ARGS: &[ArgSpec] = &[ArgSpec::required("id", ArgKind::Sint)];
const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "capture-req",
        args: ARGS,
        takes: Type::Str,
        gives: Type::Str,
        doc: "Keeps the input in this slot among the captured headers of the request, as much as it is declared to \
              hold, and passes it on. None if the frontend has no such slot.",
        examples: &[Example { given: GIVEN, expr: "str(a),capture-req(99)", gives: "-" }],
        run: |args, value, cx| {
            let declared = &cx.world.frontend(cx.stream?.frontend)?.captures.request;
            keep(args, value, declared, &cx.stream?.captured_request)
        },
    },
    Converter {
        name: "capture-res",
        args: ARGS,
        takes: Type::Str,
        gives: Type::Str,
        doc: "Keeps the input in this slot among the captured headers of the response, and passes it on.",
        examples: &[Example { given: GIVEN, expr: "str(a),capture-res(99)", gives: "-" }],
        run: |args, value, cx| {
            let declared = &cx.world.frontend(cx.stream?.frontend)?.captures.response;
            keep(args, value, declared, &cx.stream?.captured_response)
        },
    },
];

fn keep<'a>(args: &Args, value: Value<'a>, declared: &[Capture], slots: &Captured) -> Option<Value<'a>> {
    let slot = usize::try_from(args.int(0)?).ok()?;
    let (most, bytes) = (declared.get(slot)?.len, value.bytes()?);
    slots.put(slot, bytes.get(..most).unwrap_or(bytes));
    Some(value)
}
