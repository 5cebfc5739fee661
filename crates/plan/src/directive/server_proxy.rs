//! `send-proxy` and its kin on `server` lines (manual 5.2): what a server is told of the client in front of everything
//! else.

use config::vocabulary::ParamUse;
use state::server::told;

/// What was asked for; the formats are compiled when names are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxySpec<'a> {
    pub(crate) version_1: bool,
    pub(crate) version_2: bool,
    /// Bits of [`told`].
    pub(crate) ssl: u8,
    pub(crate) authority: bool,
    pub(crate) crc32c: bool,
    pub(crate) unique_id: bool,
    /// `check-send-proxy`.
    pub(crate) check: bool,
    pub(crate) tlvs: Vec<(u8, &'a str)>,
}

impl ProxySpec<'_> {
    /// The version to speak, if any.
    pub(crate) const fn version(&self) -> Option<u8> {
        match (self.version_1, self.version_2) {
            (_, true) => Some(2),
            (true, false) => Some(1),
            (false, false) => None,
        }
    }
}

/// Applies a parameter without a value; whether it was one of these.
pub(super) fn switch(spec: &mut ProxySpec<'_>, name: &str) -> bool {
    match name {
        "send-proxy" => spec.version_1 = true,
        "no-send-proxy" => spec.version_1 = false,
        "send-proxy-v2" => spec.version_2 = true,
        "no-send-proxy-v2" => spec.version_2 = false,
        "send-proxy-v2-ssl" => (spec.version_2, spec.ssl) = (true, spec.ssl | told::SSL),
        "send-proxy-v2-ssl-cn" => (spec.version_2, spec.ssl) = (true, spec.ssl | told::SSL | told::CN),
        "no-send-proxy-v2-ssl" | "no-send-proxy-v2-ssl-cn" => (spec.version_2, spec.ssl) = (false, 0),
        "check-send-proxy" => spec.check = true,
        "no-check-send-proxy" => spec.check = false,
        _ => return false,
    }
    true
}

/// `proxy-v2-options`.
pub(super) fn options(spec: &mut ProxySpec<'_>, value: &str) -> Result<(), String> {
    for option in value.split(',') {
        match option {
            "ssl" => spec.ssl |= told::SSL,
            "cert-cn" => spec.ssl |= told::SSL | told::CN,
            "ssl-cipher" => spec.ssl |= told::SSL | told::CIPHER,
            "cert-sig" => spec.ssl |= told::SSL | told::SIGNATURE,
            "cert-key" => spec.ssl |= told::SSL | told::KEY,
            "authority" => spec.authority = true,
            "crc32c" => spec.crc32c = true,
            "unique-id" => spec.unique_id = true,
            _ => return Err(format!("'{option}' : proxy v2 option not implemented.")),
        }
    }
    Ok(())
}

/// `set-proxy-v2-tlv-fmt(ID) FORMAT`.
pub(super) fn tlv<'a>(spec: &mut ProxySpec<'a>, used: &ParamUse<'a>, value: &'a str) -> Result<(), String> {
    let word = used.word.lossy();
    let text = used.argument().and_then(|id| std::str::from_utf8(id).ok()).unwrap_or_default();
    let id = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let id = id.map_err(|_| format!("'{word}' : could not convert TLV ID."))?;
    let id = u8::try_from(id).map_err(|_| format!("'{word}' : the maximum allowed TLV ID is 255."))?;
    spec.tlvs.push((id, value));
    Ok(())
}
