//! `fc_saved_syn`: the packet that began the client's connection (manual 7.3.3), where the `bind` line has it kept (`tcp-ss`).

use super::prelude::*;

/// Headers of the link, the network and the transport, each at its longest.
const LONGEST: usize = 512;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "fc_saved_syn",
    args: &[],
    gives: Type::Bin,
    needs: Needs::Client,
    doc: "The packet that began the client's connection, from the network's header on, or from the link's where `tcp-ss` is \
          2. Empty where it isn't kept. The system gives it once: a rule of the connection is to put it into a variable of the session.",
    // The example's connection is none of the kernel's.
    examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "fc_saved_syn", gives: "-" }],
    get: |_, cx| {
        let saved = cx.world.process.about.get()?.saved_syn;
        let mut packet = [0; LONGEST];
        let length = saved(cx.session.socket?, &mut packet)?;
        let packet = packet.get(..length)?;
        Some(Value::Bin(cx.arena.alloc_slice_copy(packet)))
    },
    each: None,
}];
