//! The arguments of `option forwardfor` and `option originalto` (manual 4.2).

use std::net::IpAddr;

use state::options::{AddressHeader, Except};

use crate::ctx::{Line, words_from};

/// Reads `[ except <network> ] [ header <name> ] [ if-none ]`.
pub(super) fn address_header(line: Line<'_>, default: &[u8]) -> Result<AddressHeader, String> {
    let mut header = AddressHeader { name: default.into(), except: None, if_none: false };
    let words = words_from(line, 2);
    let mut words = words.iter();
    let option = line.word(1).map(|w| w.lossy().into_owned()).unwrap_or_default();
    while let Some(word) = words.next() {
        let expects = |what: &str| format!("'option {option} {word}' expects {what} as argument.");
        match *word {
            "except" => {
                let text = words.next().ok_or_else(|| expects("<address>[/mask]"))?;
                header.except = Some(network(text).ok_or_else(|| expects("<address>[/mask]"))?);
            }
            "header" => {
                let name = words.next().ok_or_else(|| expects("<header_name>"))?;
                header.name = sample::text::boxed(name);
            }
            "if-none" if option == "forwardfor" => header.if_none = true,
            _ if option == "forwardfor" => {
                return Err(
                    "'option forwardfor' only supports optional values: 'except', 'header' and 'if-none'."
                        .into(),
                );
            }
            _ => {
                return Err(
                    "'option originalto' only supports optional values: 'except' and 'header'.".into()
                );
            }
        }
    }
    Ok(header)
}

fn network(text: &str) -> Option<Except> {
    let (address, mask) = text.split_once('/').unwrap_or((text, ""));
    Some(match address.parse().ok()? {
        IpAddr::V4(ip) => {
            let mask = if mask.is_empty() { u32::MAX } else { sample::pattern::mask_v4(mask)? };
            Except::V4 { network: u32::from(ip) & mask, mask }
        }
        IpAddr::V6(ip) => {
            let mask = if mask.is_empty() { u128::MAX } else { sample::pattern::mask_v6(mask)? };
            Except::V6 { network: u128::from(ip) & mask, mask }
        }
    })
}
