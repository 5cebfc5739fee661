//! The sections of a SPOE file (manual: doc/SPOE.txt, 2).

pub(super) const AGENT: &str = "
groups {groups*}
messages {messages*}
register-var-names {register-var-names*}
engine-name {engine-name}
max-frame-size {max-frame-size}
max-waiting-frames {max-waiting-frames}
maxconnrate {maxconnrate}
maxerrrate {maxerrrate}
(no) option async ?async
(no) option continue-on-error ?continue-on-error
(no) option dontlog-normal ?dontlog-normal
(no) option force-set-var ?force-set-var
(no) option pipelining ?pipelining
(no) option send-frag-payload ?send-frag-payload
option set-on-error {option_set-on-error}
option set-process-time {option_set-process-time}
option set-total-time {option_set-total-time}
option var-prefix {option_var-prefix}
timeout hello {hello_timeout}
timeout idle {idle_timeout}
timeout processing {processing_timeout}
use-backend {use-backend}";

pub(super) const MESSAGE: &str = "
args {args*}
event {event.name} <cond:event.cond,event.cond_test>";

pub(super) const GROUP: &str = "messages {messages*}";
