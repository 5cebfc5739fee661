//! `fs.*`, `bs.*`, `fc_nb_streams` and their kin: the stream in its connection (manual 7.3.4). In HTTP/1 and TCP a
//! connection has one stream, without a number of its own or codes to reset it with.

use std::fmt::Write;

use state::fault::Fault;
use state::termination::Cause;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

const LAYERS: &[ArgSpec] = &[ArgSpec::optional("bitmap", ArgKind::Sint)];

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "bc_nb_streams",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ServerConnection,
        doc: "How many streams the server's connection has.",
        examples: &[Example { given: GIVEN, expr: "bc_nb_streams", gives: "-" }],
        get: |_, cx| cx.stream?.link.socket.map(|_| int(1)),
        each: None,
    },
    Fetch {
        name: "bc_settings_streams_limit",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ServerConnection,
        doc: "How many streams the server's connection may have.",
        examples: &[Example { given: GIVEN, expr: "bc_settings_streams_limit", gives: "-" }],
        get: |_, cx| cx.stream?.link.socket.map(|_| int(1)),
        each: None,
    },
    Fetch {
        name: "bs.aborted",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ServerConnection,
        doc: "Whether the server ended the stream before its time.",
        examples: &[Example { given: GIVEN, expr: "bs.aborted", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| int(i64::from(s.termination.cause == Cause::SERVER))),
        each: None,
    },
    Fetch {
        name: "bs.debug_str",
        args: LAYERS,
        gives: Type::Str,
        needs: Needs::ServerConnection,
        doc: "What Sluice knows of the server's side, for its developers; see `fs.debug_str`.",
        examples: &[Example { given: GIVEN, expr: "bs.debug_str(16)", gives: "" }],
        get: |args, cx| {
            let stream = cx.stream?;
            let told = if stream.has_response { Some(&stream.response) } else { None };
            let side = Told { message: told, socket: stream.link.socket, fault: stream.server_fault };
            Some(side.debug(args, cx))
        },
        each: None,
    },
    Fetch {
        name: "fs.debug_str",
        args: LAYERS,
        gives: Type::Str,
        needs: Needs::Session,
        doc: "What Sluice knows of the client's side, for its developers: the layers whose numbers are summed, 16 for the \
              socket, 8 for the connection, 4 for the transport, 2 and 1 for what stands in it; all without a number.",
        examples: &[
            Example { given: GIVEN, expr: "fs.debug_str(1)", gives: " head=1 headers=0 bytes=0/0" },
            Example { given: GIVEN, expr: "fs.debug_str(8)", gives: " conn.err_code=0" },
        ],
        get: |args, cx| {
            let stream = cx.stream?;
            let told = if stream.has_request { Some(&stream.request) } else { None };
            let side = Told { message: told, socket: cx.session.socket, fault: cx.session.fault };
            Some(side.debug(args, cx))
        },
        each: None,
    },
    Fetch {
        name: "bs.id",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ServerConnection,
        doc: "The stream's number in the server's connection: 0 in HTTP/1 and TCP.",
        examples: &[Example { given: GIVEN, expr: "bs.id", gives: "-" }],
        get: |_, cx| cx.stream?.link.socket.map(|_| int(0)),
        each: None,
    },
    Fetch {
        name: "bs.rst_code",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ServerConnection,
        doc: "The code with which the server reset the stream: none in HTTP/1 and TCP.",
        examples: &[Example { given: GIVEN, expr: "bs.rst_code", gives: "-" }],
        get: |_, _| None,
        each: None,
    },
    Fetch {
        name: "fc_nb_streams",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "How many streams the client's connection has.",
        examples: &[Example { given: GIVEN, expr: "fc_nb_streams", gives: "1" }],
        get: |_, cx| cx.stream.map(|_| int(1)),
        each: None,
    },
    Fetch {
        name: "fc_settings_streams_limit",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Session,
        doc: "How many streams the client's connection may have.",
        examples: &[Example { given: GIVEN, expr: "fc_settings_streams_limit", gives: "1" }],
        get: |_, _| Some(int(1)),
        each: None,
    },
    Fetch {
        name: "fs.aborted",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Session,
        doc: "Whether the client ended the stream before its time.",
        examples: &[Example { given: GIVEN, expr: "fs.aborted", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| int(i64::from(s.termination.cause == Cause::CLIENT))),
        each: None,
    },
    Fetch {
        name: "fs.id",
        args: &[],
        gives: Type::Str,
        needs: Needs::Session,
        doc: "The stream's number in the client's connection: 0 in HTTP/1 and TCP.",
        examples: &[Example { given: GIVEN, expr: "fs.id", gives: "0" }],
        get: |_, cx| cx.stream.map(|_| Value::Sint(0)),
        each: None,
    },
    Fetch {
        name: "fs.rst_code",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Session,
        doc: "The code with which the client reset the stream: none in HTTP/1 and TCP.",
        examples: &[Example { given: GIVEN, expr: "fs.rst_code", gives: "-" }],
        get: |_, _| None,
        each: None,
    },
];

/// One side of a stream, as it is told to developers.
struct Told<'a> {
    message: Option<&'a Message>,
    socket: Option<i32>,
    fault: Option<Fault>,
}

impl Told<'_> {
    fn debug<'a>(&self, args: &Args, cx: &Ctx<'a>) -> Value<'a> {
        let layers = args.int(0).unwrap_or(0);
        let has = |bit: i64| layers == 0 || layers & bit != 0;
        let mut out = String::new();
        // A String takes whatever is written.
        if let (true, Some(stream)) = (has(1), cx.stream) {
            let headers = self.message.map_or(0, Message::header_count);
            let (head, counts) = (u8::from(self.message.is_some()), (stream.bytes_in, stream.bytes_out));
            let _ = write!(out, " head={head} headers={headers} bytes={}/{}", counts.0, counts.1);
        }
        if let (true, Some(stream)) = (has(2), cx.stream) {
            let _ = write!(out, " requests={} retries={}", cx.session.requests, stream.retries);
        }
        if has(8) {
            let _ = write!(out, " conn.err_code={}", self.fault.map_or(0, |fault| fault.parts().0));
        }
        if let (true, Some(socket)) = (has(16), self.socket) {
            let _ = write!(out, " fd={socket}");
        }
        Value::Str(cx.arena.alloc_slice_copy(out.as_bytes()))
    }
}
