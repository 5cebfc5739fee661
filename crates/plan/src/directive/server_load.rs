//! The parameters of `server` lines that say how much a server is given, and which requests (manual 5.2).

use state::server::HashKey;

use super::server::ServerSpec;
use crate::number::{atol, count};

/// Sets the parameter; false if it is none of these.
pub(super) fn set(spec: &mut ServerSpec<'_>, name: &str, value: &str, server: &str) -> Result<bool, String> {
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
        "pool-max-conn" => spec.pool_max = u32::try_from(atol(value)).ok(),
        _ => return Ok(false),
    }
    Ok(true)
}
