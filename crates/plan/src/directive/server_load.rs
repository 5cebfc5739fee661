//! The parameters of `server` lines that say how much a server is given, and which requests (manual 5.2).

use state::server::HashKey;

use super::server::ServerSpec;
use crate::number::{TimeError, atol, count, time_ms};

/// Sets the parameter; false if it is none of these.
pub(super) fn set<'a>(
    spec: &mut ServerSpec<'a>,
    name: &str,
    value: &'a str,
    server: &str,
) -> Result<bool, String> {
    match name {
        "weight" => {
            let weight = atol(value);
            spec.weight = u16::try_from(weight)
                .ok()
                .filter(|w| *w <= 256)
                .ok_or_else(|| format!("weight of server {server} is not within 0 and 256 ({weight}).."))?;
        }
        "maxconn" => spec.maxconn = count(value),
        "minconn" => spec.minconn = count(value),
        "maxqueue" => spec.maxqueue = count(value),
        "hash-key" => {
            spec.hash_key = match value {
                "id" => HashKey::Id,
                "id32" => HashKey::Id32,
                "guid" => HashKey::Guid,
                "addr" => HashKey::Addr,
                "addr-port" => HashKey::AddrPort,
                _ => return Err("'hash-key' has to be 'id', 'id32', 'guid', 'addr', or 'addr-port'.".into()),
            };
        }
        "pool-max-conn" => {
            let most = atol(value);
            if most < -1 {
                return Err("'pool-max-conn' must be >= -1.".into());
            }
            spec.pool_max = u32::try_from(most).ok();
        }
        "pool-purge-delay" => {
            spec.pool_purge_ms = time_ms(value).map_err(|error| match error {
                TimeError::Unexpected(c) => {
                    format!("unexpected character '{c}' in argument to <pool-purge-delay>..")
                }
                TimeError::Overflow => {
                    format!("timer overflow in argument <{value}> to <pool-purge-delay>..")
                }
            })?;
        }
        "pool-low-conn" => {
            let few = atol(value);
            if few < 0 {
                return Err("'pool-low-conn' must be >= 0.".into());
            }
            spec.pool_low = u32::try_from(few).unwrap_or(u32::MAX);
        }
        "pool-conn-name" => spec.pool_name = Some(value),
        "log-proto" => {
            spec.octet_count = match value {
                "octet-count" => true,
                "legacy" => false,
                other => {
                    return Err(format!(
                        "'log-proto' expects one of 'legacy' or 'octet-count' but got '{other}'."
                    ));
                }
            };
        }
        "log-bufsize" => {
            let bytes = usize::try_from(atol(value)).ok().filter(|n| *n > 0);
            spec.log_buffer = Some(bytes.ok_or("log-bufsize has to be > 0..")?);
        }
        "max-reuse" => spec.max_reuse = u32::try_from(atol(value)).ok(),
        _ => return Ok(false),
    }
    Ok(true)
}
