//! Parameters of `server` lines about names (manual 5.2 "init-addr", "resolvers", "resolve-*"), and which address a name
//! has when the process starts.

use std::net::IpAddr;

use state::resolvers::{Net, Resolve};

use crate::address::Family;
use crate::ctx::Plan;

/// What a line says of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResolveSpec<'a> {
    /// `init-addr`.
    init: Option<&'a str>,
    pub(crate) resolvers: Option<&'a str>,
    v4_first: bool,
    nets: Vec<Net>,
    allow_duplicates: bool,
    ignore_weight: bool,
}

impl<'a> ResolveSpec<'a> {
    /// Whether it was a parameter of that. Errors are sentences.
    pub(super) fn set(&mut self, name: &str, value: &'a str) -> Result<bool, String> {
        match name {
            "init-addr" => {
                value.split(',').filter(|method| !method.is_empty()).try_for_each(known)?;
                self.init = Some(value);
            }
            "resolvers" => self.resolvers = Some(value),
            "resolve-prefer" => {
                self.v4_first = match value {
                    "ipv4" => true,
                    "ipv6" => false,
                    _ => return Err(format!("'{name}' expects either ipv4 or ipv6 as argument..")),
                };
            }
            "resolve-net" if value.is_empty() => {
                return Err(format!("'{name}' expects a list of networks.."));
            }
            "resolve-net" => {
                for text in value.split(',') {
                    let net = network(text).ok_or_else(|| format!("'{name}' invalid network '{text}'.."))?;
                    self.nets.push(net);
                }
            }
            "resolve-opts" => value.split(',').try_for_each(|option| self.option(option))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn option(&mut self, option: &str) -> Result<(), String> {
        match option {
            "allow-dup-ip" => self.allow_duplicates = true,
            "prevent-dup-ip" => self.allow_duplicates = false,
            "ignore-weight" => self.ignore_weight = true,
            "" => {}
            other => {
                return Err(format!(
                    "'resolve-opts' : unknown resolve-opts option '{other}', supported methods are 'allow-dup-ip', \
                     'ignore-weight', and 'prevent-dup-ip'.."
                ));
            }
        }
        Ok(())
    }

    /// Whether the address of the process before comes first.
    pub(super) fn begins_as_before(&self) -> bool {
        self.init.is_none_or(|methods| methods.split(',').any(|method| method == "last"))
    }

    /// The name of a service, if that is what stands for the server's address.
    pub(super) fn service<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.resolvers.filter(|_| text.starts_with('_')).map(|_| text)
    }

    /// How the server's name is looked up, if it is. The section is not known yet.
    pub(super) fn resolve(&self, service: Option<Box<str>>) -> Option<Box<Resolve>> {
        self.resolvers.map(|_| {
            Box::new(Resolve {
                resolvers: u32::MAX,
                v4_first: self.v4_first,
                nets: self.nets.as_slice().into(),
                allow_duplicates: self.allow_duplicates,
                ignore_weight: self.ignore_weight,
                service,
            })
        })
    }

    /// Tries the methods of `init-addr` in turn. `Ok(None)` starts the server without an address.
    pub(super) fn first_address(
        &self,
        plan: &mut Plan<'_>,
        name: &str,
        family: Family,
        last: Option<IpAddr>,
    ) -> Result<Option<IpAddr>, ()> {
        for method in self.init.unwrap_or("last,libc").split(',') {
            match method {
                "last" if last.is_some() => return Ok(last),
                "last" => {}
                "none" => return Ok(None),
                "libc" => {
                    let mut found = plan.resolve(name).iter().filter(|ip| family.holds(**ip));
                    let preferred = found.clone().find(|ip| ip.is_ipv4() == self.v4_first);
                    if let Some(ip) = preferred.filter(|_| self.resolvers.is_some()).or_else(|| found.next())
                    {
                        return Ok(Some(*ip));
                    }
                }
                ip => {
                    if let Ok(ip) = ip.parse() {
                        return Ok(Some(ip));
                    }
                }
            }
        }
        Err(())
    }
}

fn known(method: &str) -> Result<(), String> {
    if matches!(method, "last" | "libc" | "none") || method.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err(format!(
        "'init-addr' : unknown init-addr method '{method}', supported methods are 'libc', 'last', 'none'.."
    ))
}

/// `10.0.0.0/8`; without a length it is one address.
fn network(text: &str) -> Option<Net> {
    let (ip, bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
    let ip: IpAddr = ip.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some(Net { ip, bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read() {
        assert_eq!(network("10.0.0.0/8"), Some(Net { ip: "10.0.0.0".parse().unwrap(), bits: 8 }));
        assert_eq!(network("::1").map(|net| net.bits), Some(128));
        assert!(["10.0.0.0/33", "x", "", "::/129", "1.1.1.1/"].iter().all(|text| network(text).is_none()));
    }

    #[test]
    fn words_that_are_none() {
        let mut spec = ResolveSpec::default();
        assert!(spec.set("resolve-prefer", "x").is_err() && spec.set("resolve-opts", "x").is_err());
        assert!(spec.set("init-addr", "last,x").is_err() && spec.set("resolve-net", "1.1.1.1,x").is_err());
        assert_eq!(spec.set("inter", "x"), Ok(false));
        assert_eq!(spec.set("resolve-opts", "allow-dup-ip,ignore-weight,prevent-dup-ip"), Ok(true));
        assert!(!spec.allow_duplicates && spec.ignore_weight);
    }
}
