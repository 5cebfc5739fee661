//! `tune.*` and `h1-accept-payload-with-any-method` of `global` (manual 3.2).

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};
use crate::number::{atol, size};

pub(super) const DIRECTIVES: &[Directive] = &[
    tune("tune.bufsize", |cx, line| {
        let bytes = size(word(line, 1)).map_err(|c| format!("'tune.bufsize' : unexpected '{c}'"))?;
        cx.plan.global.buffer_size = u32::try_from(bytes.clamp(1024, 1 << 28)).unwrap_or(1 << 28);
        Ok(())
    }),
    tune("tune.idle-pool.shared", |cx, line| {
        cx.plan.global.own_idle = match word(line, 1) {
            "on" | "full" => false,
            "off" => true,
            other => {
                return Err(format!(
                    "'tune.idle-pool.shared' expects 'full', 'on' or 'off' but got '{other}'."
                ));
            }
        };
        Ok(())
    }),
    tune("tune.maxrewrite", |cx, line| {
        let bytes = size(word(line, 1)).map_err(|c| format!("'tune.maxrewrite' : unexpected '{c}'"))?;
        cx.plan.global.max_rewrite = u32::try_from(bytes.min(1 << 28)).unwrap_or(1 << 28);
        Ok(())
    }),
    tune("tune.http.cookielen", |cx, line| {
        if word(line, 1).is_empty() {
            return Err("'tune.http.cookielen' expects an integer argument.".into());
        }
        cx.plan.global.cookie_len = usize::try_from(atol(word(line, 1))).unwrap_or(0);
        Ok(())
    }),
    tune("tune.http.logurilen", |cx, line| {
        if word(line, 1).is_empty() {
            return Err("'tune.http.logurilen' expects an integer argument.".into());
        }
        cx.plan.global.log_line_len = usize::try_from(atol(word(line, 1))).unwrap_or(0);
        Ok(())
    }),
    tune("tune.http.maxhdr", |cx, line| {
        let most = u16::try_from(atol(word(line, 1))).ok().filter(|n| (1..=32_767).contains(n));
        cx.plan.global.max_headers =
            most.ok_or("'tune.http.maxhdr' expects a numeric value between 1 and 32767")?;
        Ok(())
    }),
    tune("h1-accept-payload-with-any-method", |cx, line| {
        no_more(line, 0)?;
        cx.plan.global.accept_any_payload = true;
        Ok(())
    }),
];

const fn tune(name: &'static str, apply: for<'a> fn(&mut Ctx<'_, 'a>, Line<'a>) -> Applied) -> Directive {
    Directive { name, sections: at::GLOBAL, apply }
}
