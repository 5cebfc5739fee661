//! `userlist`: users, their passwords and groups (manual 12.2).

use std::collections::HashSet;

use config::{Diagnostic, Place, Section, Severity};
use state::auth::{Password, User, Userlist};

use crate::ctx::{Line, Plan, word, words_from};

/// What is known of groups before all lines were read.
#[derive(Default)]
struct Groups<'a> {
    names: HashSet<&'a str>,
    /// User and group, from lines of either.
    members: Vec<(&'a str, &'a str)>,
    /// As messages: groups and users that must exist in the end.
    wanted: Vec<Wanted<'a>>,
}

enum Wanted<'a> {
    User { name: &'a str, group: &'a str },
    Group { name: &'a str, user: &'a str },
}

/// Reads one; a second one of the same name is left out.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let Some(name) = section.name() else { return };
    if plan.userlists.iter().any(|list| &*list.name == name) {
        return;
    }
    let mut list = Userlist { name: name.into(), ..Userlist::default() };
    let mut groups = Groups::default();
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        let read = match line.keyword() {
            "group" => group(plan, line, name, &mut groups),
            "user" => user(plan, line, &mut list, &mut groups),
            _ => Ok(()),
        };
        if let Err(message) = read {
            plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingTight));
        }
    }
    join(plan, &mut list, &groups);
    plan.userlists.push(list);
}

fn warn(plan: &mut Plan<'_>, line: Line<'_>, message: String) {
    let warning = Diagnostic::new(Severity::Warning, Some(line.span()), Place::ParsingTight, message);
    plan.remarks.push(warning);
}

fn group<'a>(plan: &mut Plan<'a>, line: Line<'a>, list: &str, groups: &mut Groups<'a>) -> Result<(), String> {
    let name = word(line, 1);
    if name.is_empty() {
        return Err("'group' expects <name> as arguments.".to_owned());
    }
    if !groups.names.insert(name) {
        warn(plan, line, format!("ignoring duplicated group '{name}' in userlist '{list}'."));
        return Ok(());
    }
    match word(line, 2) {
        "" => {}
        "users" => {
            for user in names(word(line, 3)) {
                groups.members.push((user, name));
                groups.wanted.push(Wanted::User { name: user, group: name });
            }
        }
        _ => return Err("'group' only supports 'users' option.".to_owned()),
    }
    Ok(())
}

fn user<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    list: &mut Userlist,
    groups: &mut Groups<'a>,
) -> Result<(), String> {
    let name = word(line, 1);
    if name.is_empty() {
        return Err("'user' expects <name> as arguments.".to_owned());
    }
    if list.users.contains_key(&*sample::text::bytes(name)) {
        warn(plan, line, format!("ignoring duplicated user '{name}' in userlist '{}'.", list.name));
        return Ok(());
    }
    let mut user = User::default();
    let words = words_from(line, 2);
    for pair in words.chunks(2) {
        let value = pair.get(1).copied().unwrap_or_default();
        match pair.first().copied().unwrap_or_default() {
            "password" => {
                if is_hash(value) && !keywords::auth::is_run(value) {
                    plan.remarks.unserved(line.span(), &format!("the kind of hash of user '{name}'"));
                }
                user.password = Password::Crypt(value.into());
            }
            "insecure-password" => user.password = Password::Plain(sample::text::boxed(value)),
            "groups" => {
                for group in names(value) {
                    groups.members.push((name, group));
                    groups.wanted.push(Wanted::Group { name: group, user: name });
                }
            }
            _ => {
                return Err(
                    "'user' only supports 'password', 'insecure-password' and 'groups' options.".to_owned()
                );
            }
        }
    }
    list.users.insert(sample::text::boxed(name), user);
    Ok(())
}

/// Whether crypt(3) could have made this: `$id$...`, or the thirteen characters of the oldest kind.
fn is_hash(text: &str) -> bool {
    let old =
        || text.len() == 13 && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'/'));
    text.strip_prefix('$').is_some_and(|rest| rest.contains('$')) || old()
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|name| !name.is_empty())
}

/// Gives each user its groups, and says which users and groups there are none of.
fn join(plan: &mut Plan<'_>, list: &mut Userlist, groups: &Groups<'_>) {
    for wanted in &groups.wanted {
        let message = match wanted {
            Wanted::User { name, group } if !list.users.contains_key(&*sample::text::bytes(name)) => {
                format!("userlist '{}': no such user '{name}' specified in group '{group}'", list.name)
            }
            Wanted::Group { name, user } if !groups.names.contains(name) => {
                format!("userlist '{}': no such group '{name}' specified in user '{user}'", list.name)
            }
            _ => continue,
        };
        plan.late.push(message);
    }
    for (user, group) in &groups.members {
        if let Some(user) = list.users.get_mut(&*sample::text::bytes(user))
            && !user.groups.iter().any(|g| **g == *sample::text::bytes(group))
        {
            user.groups.push(sample::text::boxed(group));
        }
    }
}
