//! Who may ask: Basic authentication against users of `dataplaneapi.yaml`, a file with a userlist, or the
//! userlist of haproxy.cfg; the first of these that has users is the only one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    /// Whether the password stands as it is, not as a hash.
    pub(crate) insecure: bool,
}

/// Whether the credentials of an `Authorization` header are a user's.
pub(crate) fn allowed(users: &[User], header: Option<&str>) -> bool {
    let Some((name, password)) = header.and_then(credentials) else { return false };
    users.iter().any(|user| user.name == name && verify(user, &password))
}

fn credentials(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn verify(user: &User, password: &str) -> bool {
    if user.insecure {
        return same(&user.password, password);
    }
    hash(&user.password, password).is_some_and(|hash| same(&user.password, &hash))
}

/// The password hashed as `like` is: MD5 (`$1$`), SHA-256 (`$5$`), SHA-512 (`$6$`), the latter two with the
/// number of rounds that is usual.
fn hash(like: &str, password: &str) -> Option<String> {
    let mut parts = like.split('$').skip(1);
    let (kind, salt, _) = (parts.next()?, parts.next()?, parts.next()?);
    let rounds = 5000;
    let bytes = password.as_bytes();
    let digest = match kind {
        "1" => return crypt3_rs::crypt::md5::verify(bytes, like).then(|| like.to_owned()),
        "5" => {
            sha_crypt::sha256_crypt_b64(bytes, salt.as_bytes(), &sha_crypt::Sha256Params::new(rounds).ok()?)
                .ok()?
        }
        "6" => {
            sha_crypt::sha512_crypt_b64(bytes, salt.as_bytes(), &sha_crypt::Sha512Params::new(rounds).ok()?)
                .ok()?
        }
        _ => return None,
    };
    Some(format!("${kind}${salt}${digest}"))
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The users of a userlist in a configuration; of the first one if no name is given.
pub(crate) fn of_userlist(document: &config::Document, name: Option<&str>) -> Vec<User> {
    let Some(lists) = client::section("userlists") else { return Vec::new() };
    let Some(users) = client::family("users") else { return Vec::new() };
    let found =
        client::sections(document, lists).into_iter().find(|list| name.is_none_or(|name| list.name == name));
    let rows = found.map(|found| client::rows(document, &found, users)).unwrap_or_default();
    rows.into_iter()
        .map(|row| User {
            name: api::text(&row.value, "username").to_owned(),
            password: api::text(&row.value, "password").to_owned(),
            insecure: api::field(&row.value, "secure_password") == false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_their_hashes() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let text = b"userlist a\n user x insecure-password secret\n\
                     user y password $6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1\n";
        let users = of_userlist(&config::Document::parse(text), Some("a"));
        assert_eq!(users.len(), 2);
        assert!(allowed(&users, Some(&header("x:secret"))) && !allowed(&users, Some(&header("x:y"))));
        assert!(allowed(&users, Some(&header("y:Hello world!"))) && !allowed(&users, Some(&header("y:x"))));
        assert!(
            !allowed(&users, None) && !allowed(&users, Some("Bearer x")) && !allowed(&users, Some("Basic ?"))
        );
    }
}
