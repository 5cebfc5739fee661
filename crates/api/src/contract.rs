//! The specification's operations, found by method and path.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Operations and schemas.
pub struct Contract {
    /// Each schema, its parts merged.
    pub schemas: Map<String, Value>,
    /// Each operation.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// Below `/v3`, with `{name}` where a parameter stands.
    pub path: String,
    /// Its name in the specification.
    pub id: String,
    /// What stands in the path and the query.
    pub parameters: Vec<Parameter>,
    /// What it takes.
    pub body: Option<Body>,
    /// The schema of its answer; null if it has none.
    pub answer: Value,
    /// The statuses that are declared.
    pub statuses: Vec<String>,
}

/// A parameter of an operation.
#[derive(Debug)]
pub struct Parameter {
    /// `path`, `query` or `header`.
    pub place: String,
    /// As it is written.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it must be.
    pub schema: Value,
}

/// The body of a request.
#[derive(Debug)]
pub struct Body {
    /// The media type.
    pub media: String,
    /// What it must be.
    pub schema: Value,
    /// Whether it must be there.
    pub required: bool,
}

/// The contract that this program serves: dialect 3.4.
pub fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
        let text: &Value = &serde_json::from_str(include_str!("contract.json")).unwrap_or_default();
        Contract {
            schemas: text["schemas"].as_object().cloned().unwrap_or_default(),
            operations: text["operations"].as_array().into_iter().flatten().map(operation).collect(),
        }
    });
    &CONTRACT
}

fn operation(row: &Value) -> Operation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = row["parameters"].as_array().into_iter().flatten();
    let body = &row["body"];
    Operation {
        method: text(&row["method"]),
        path: text(&row["path"]),
        id: text(&row["id"]),
        parameters: parameters
            .map(|p| Parameter {
                place: text(&p[0]),
                name: text(&p[1]),
                required: p[2] == true,
                schema: p[3].clone(),
            })
            .collect(),
        body: body.as_array().map(|_| Body {
            media: text(&body[0]),
            schema: body[1].clone(),
            required: body[2] == true,
        }),
        answer: row["answer"].clone(),
        statuses: row["statuses"].as_array().into_iter().flatten().map(text).collect(),
    }
}

/// What a path leads to.
pub enum Route<'a> {
    /// An operation and the values in its path, decoded.
    Found(&'a Operation, BTreeMap<String, String>),
    /// The path is known, with these methods.
    OtherMethods(Vec<&'a str>),
    /// No such path.
    Nothing,
}

impl Contract {
    /// A schema by its name.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.schemas.get(name)
    }

    /// The schema itself, if it is a reference to one.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["ref"].as_str() {
            Some(name) => self.schemas.get(name).unwrap_or(&Value::Null),
            None => schema,
        }
    }

    /// What a path's segments (decoded, without the base) lead to. Written-out segments go before parameters.
    pub fn route(&self, method: &str, segments: &[String]) -> Route<'_> {
        let mut fitting: Vec<_> = self
            .operations
            .iter()
            .filter_map(|operation| Some((operation, fit(&operation.path, segments)?)))
            .collect();
        fitting.sort_by_key(|(_, values)| values.len());
        let Some(fewest) = fitting.first().map(|(_, values)| values.len()) else { return Route::Nothing };
        fitting.retain(|(_, values)| values.len() == fewest);
        match fitting.iter().position(|(operation, _)| operation.method == method) {
            Some(at) => {
                let (operation, values) = fitting.swap_remove(at);
                Route::Found(operation, values)
            }
            None => {
                Route::OtherMethods(fitting.iter().map(|(operation, _)| operation.method.as_str()).collect())
            }
        }
    }
}

fn fit(path: &str, segments: &[String]) -> Option<BTreeMap<String, String>> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (part, segment) in parts.iter().zip(segments) {
        match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                values.insert(name.to_owned(), segment.clone());
            }
            None if part == segment => {}
            None => return None,
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_contract_is_there() {
        let contract = contract();
        assert_eq!(contract.operations.len(), 557);
        assert!(contract.schemas.len() > 225);
        assert!(contract.schema("server").unwrap()["properties"]["port"]["maximum"].is_number());
    }

    #[test]
    fn paths_lead_to_operations() {
        let path =
            |text: &str| text.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let servers = path("/services/haproxy/configuration/backends/b/servers");
        match contract().route("POST", &servers) {
            Route::Found(operation, values) => {
                assert_eq!(operation.id, "createServerBackend");
                assert_eq!(values["parent_name"], "b");
            }
            _ => panic!("not found"),
        }
        assert!(matches!(contract().route("PUT", &servers), Route::OtherMethods(m) if m == ["GET", "POST"]));
        assert!(matches!(contract().route("GET", &path("/nowhere")), Route::Nothing));
    }
}
