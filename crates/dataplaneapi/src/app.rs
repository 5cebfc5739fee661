//! What is asked for, by whom, is it well made: by the contract; then the handler.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use api::{Operation, Route};
use client::{Agent, Check, How, Runtime, Store};
use config::Document;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::answer::{Answer, Body};
use crate::auth::{self, User};
use crate::handlers;
use crate::log;
use crate::request::Request;
use crate::settings::Settings;

/// The process's state.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) agent: Arc<Agent>,
    pub(crate) started: Instant,
    store: Mutex<Store>,
    /// The Consuls that are followed, by their ids.
    consuls: Mutex<BTreeMap<String, Value>>,
    /// Who listens to changes.
    events: broadcast::Sender<Arc<str>>,
    /// The proxy's socket that was there last.
    socket: Mutex<Option<PathBuf>>,
    /// SPOE files that were asked for, by name.
    spoe: Mutex<BTreeMap<String, Store>>,
}

/// A request with what the contract says about it.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    pub(crate) operation: &'static Operation,
    /// The values in its path.
    pub(crate) path: BTreeMap<String, String>,
    /// The JSON of its body; null if it takes none.
    pub(crate) body: Value,
    /// Whether the original's faults are mended (`compat: improved`).
    pub(crate) improved: bool,
}

/// How many may listen to events at once.
pub(crate) const LISTENERS: usize = 256;
/// How many events one who listens may lag behind.
const EVENTS: usize = 64;

impl Call<'_> {
    /// A value of the path.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }
}

impl App {
    pub(crate) fn new(settings: Settings) -> Result<Self, String> {
        let told = |error: client::Error| error.to_string();
        let check = Check {
            program: Some(settings.program.clone()),
            before: settings.validate_before.clone(),
            after: settings.validate_after.clone(),
            command: settings.validate_command.clone(),
        };
        let store = Store::open(client::Settings {
            file: settings.file.clone(),
            transactions: settings.transactions.clone(),
            backups: settings.backups.clone(),
            max_open: settings.max_open,
            check,
        })
        .map_err(told)?;
        for folder in [&settings.maps, &settings.certificates, &settings.general, &settings.spoe] {
            std::fs::create_dir_all(folder)
                .map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
        }
        let consuls = handlers::consuls(&settings);
        let agent = Agent::start(How {
            file: settings.file.clone(),
            command: settings.reload_command.clone(),
            master: settings.master.clone().map(|socket| Runtime { socket, master: true }),
            delay: settings.reload_delay,
        })
        .map_err(told)?;
        Ok(Self {
            settings,
            agent,
            started: Instant::now(),
            store: Mutex::new(store),
            consuls: Mutex::new(consuls),
            events: broadcast::channel(EVENTS).0,
            socket: Mutex::default(),
            spoe: Mutex::default(),
        })
    }

    pub(crate) fn max_body(&self) -> usize {
        self.settings.max_body
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on a SPOE file, as it is on the disk now.
    pub(crate) fn with_spoe<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Store) -> Result<T, client::Error>,
    ) -> Result<T, client::Error> {
        let file = self.settings.spoe.join(name);
        let mut stores = self.spoe.lock().unwrap_or_else(PoisonError::into_inner);
        if name.is_empty() || !file.is_file() {
            stores.remove(name);
            return Err(client::Error::new(client::Kind::System, format!("SPOE file {name} does not exist")));
        }
        let store = match stores.entry(name.to_owned()) {
            Entry::Occupied(known) => {
                let store = known.into_mut();
                store.refresh()?;
                store
            }
            Entry::Vacant(place) => place.insert(Store::open(client::Settings {
                file,
                transactions: self.settings.spoe_transactions.clone(),
                backups: None,
                max_open: self.settings.max_open,
                check: Check::default(),
            })?),
        };
        work(store)
    }

    /// The Consuls that are followed, to be changed.
    pub(crate) fn kept_consuls(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.consuls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Consuls that are followed, as they are now.
    pub(crate) fn consuls(&self) -> BTreeMap<String, Value> {
        self.kept_consuls().clone()
    }

    /// A SPOE file that is gone.
    pub(crate) fn forget_spoe(&self, name: &str) {
        self.spoe.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Whether the running process took a change; if not, its reason is logged, and it is a reload's to make.
    pub(crate) fn told<T>(&self, outcome: Result<T, client::Error>) -> bool {
        outcome.inspect_err(|error| self.log(&format!("not done at run time: {error}"))).is_ok()
    }

    /// A line for those who run it.
    pub(crate) fn log(&self, line: &str) {
        log::app(&self.settings.logs, line);
    }

    /// A line about a request.
    pub(crate) fn log_access(&self, access: &log::Access<'_>) {
        log::access(&self.settings.logs, access);
    }

    /// The proxy's socket: the master's, or the first that the configuration has.
    pub(crate) fn runtime(&self) -> Option<Runtime> {
        if let Some(master) = &self.settings.master {
            return Some(Runtime { socket: master.clone(), master: true });
        }
        let document = self.store().document(None).ok()?;
        let global = client::section("global")?;
        let found = client::sections(&document, global).into_iter().next()?;
        let object = client::read_section(&document, global, &found, false);
        let apis = api::field(&object, "runtime_apis").as_array()?;
        let address = apis.iter().find_map(|api| api["address"].as_str().filter(|a| a.contains('/')))?;
        let socket = PathBuf::from(address.trim_start_matches("unix@"));
        let mut last = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        // The process listens where it was told at its start: a new address counts from the next reload on.
        match last.as_ref().filter(|last| !socket.exists() && last.exists()) {
            Some(last) => Some(Runtime { socket: last.clone(), master: false }),
            None => {
                *last = Some(socket.clone());
                Some(Runtime { socket, master: false })
            }
        }
    }

    /// The proxy's socket, if the process behind it is a Sluice, which takes changes while it runs.
    pub(crate) fn sluice(&self) -> Option<Runtime> {
        let runtime = self.runtime()?;
        let info = runtime.command("show info").ok()?;
        (info.lines().next() == Some("Name: Sluice")).then_some(runtime)
    }

    /// Tells those who listen that the file has changed.
    pub(crate) fn changed(&self) {
        let version = self.store().version(None);
        self.tell("configuration", &json!({ "version": version }));
    }

    fn tell(&self, event: &str, data: &Value) {
        // Nobody may be listening.
        let _ = self.events.send(format!("event: {event}\ndata: {data}\n\n").into());
    }

    /// Listens to what is told from now on; `None`: as many do already as may.
    pub(crate) fn listen(&self) -> Option<broadcast::Receiver<Arc<str>>> {
        (self.events.receiver_count() < LISTENERS).then(|| self.events.subscribe())
    }

    /// Whether somebody who is asked for credentials is let in.
    pub(crate) fn lets_in(&self, request: &Request) -> bool {
        auth::allowed(&self.users(), request.header("authorization"))
    }

    /// Forgets what is remembered of the proxy's socket.
    pub(crate) fn forget_socket(&self) {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Looks for changes from outside every second, as long as the process runs.
    pub(crate) fn watch(self: Arc<Self>) {
        let mut health = "";
        loop {
            std::thread::sleep(Duration::from_secs(1));
            if self.events.receiver_count() > 0 {
                let now = handlers::health(&self);
                if now != health {
                    self.tell("health", &json!({ "haproxy": now }));
                }
                health = now;
            }
            if let Err(error) = self.refresh() {
                self.log(&format!("reading the configuration: {error}"));
            }
        }
    }

    /// Reads the file again if somebody else changed it.
    pub(crate) fn refresh(&self) -> Result<(), client::Error> {
        let changed = self.store().refresh()?;
        if changed {
            self.log("the configuration was changed outside: read again");
            self.runtime();
            self.log("reload callback completed, runtime API reconfigured");
            self.changed();
        }
        Ok(())
    }

    /// The answer to a request; with the version, whatever it is.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        // A change from outside counts from the next request on.
        if let Err(error) = self.refresh() {
            return error.into();
        }
        let answer = self.authorized(request);
        let version = self.store().version(request.query("transaction_id"));
        answer.with("Configuration-Version", version.to_string())
    }

    fn users(&self) -> Vec<User> {
        if !self.settings.users.is_empty() {
            return self.settings.users.clone();
        }
        if let Some(file) = &self.settings.userlist_file {
            let document = Document::parse(std::fs::read(file).unwrap_or_default());
            let users = auth::of_userlist(&document, None);
            if !users.is_empty() {
                return users;
            }
        }
        let document = self.store().document(None);
        document
            .map(|document| auth::of_userlist(&document, Some(&self.settings.userlist)))
            .unwrap_or_default()
    }

    fn authorized(&self, request: &Request) -> Answer {
        if !request.certified && !self.lets_in(request) {
            return Answer::failure(401, "unauthenticated for invalid credentials")
                .with("WWW-Authenticate", "Basic realm=\"dataplaneapi\"");
        }
        let Some((base, segments)) = request.segments.split_first() else {
            return Answer::failure(404, "path / was not found");
        };
        if base != "v3" {
            return Answer::failure(404, format!("path /{} was not found", request.segments.join("/")));
        }
        if let Some(answer) = handlers::beyond::handle(self, request, segments) {
            return answer;
        }
        match api::contract().route(&request.method, segments) {
            Route::Found(operation, path) => self.dispatch(request, operation, path),
            Route::OtherMethods(methods) => {
                Answer::failure(405, format!("method {} is not allowed", request.method))
                    .with("Allow", methods.join(", "))
            }
            Route::Nothing => {
                Answer::failure(404, format!("path /{} was not found", request.segments.join("/")))
            }
        }
    }

    fn dispatch(
        &self,
        request: &Request,
        operation: &'static Operation,
        path: BTreeMap<String, String>,
    ) -> Answer {
        let body = match read_body(request, operation) {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        let call = Call { request, operation, path, body, improved: self.settings.improved };
        let real = !request.asks("dry_run");
        let answer = handlers::handle(self, &call).map(|answer| match answer.body {
            Body::Json(value) if operation.method == "GET" && answer.status == 200 => {
                Answer { body: Body::Json(api::ordered(&operation.answer, value)), ..answer }
            }
            Body::Json(value) if real && answer.status < 300 && operation.body.is_some() => {
                Answer { body: Body::Json(api::echoed(&operation.answer, value)), ..answer }
            }
            _ => answer,
        });
        answer.unwrap_or_else(|| {
            Answer::failure(
                501,
                format!("{} {} ({}) isn't served", operation.method, operation.path, operation.id),
            )
        })
    }
}

/// The JSON that an operation takes, looked at.
fn read_body(request: &Request, operation: &Operation) -> Result<Value, Answer> {
    let Some(body) = operation.body.as_ref().filter(|body| body.media == "application/json") else {
        return Ok(Value::Null);
    };
    let kind = request.header("content-type").unwrap_or("application/json");
    if !kind.starts_with("application/json") {
        return Err(Answer::failure(
            415,
            format!("unsupported media type {kind}, only [application/json] are allowed"),
        ));
    }
    if request.body.is_empty() && !body.required {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Answer::failure(400, format!("parsing the body failed: {error}")))?;
    api::validate(&body.schema, &value).map_err(|violation| {
        let status = if violation.of_type { 400 } else { 422 };
        Answer::failure(status, format!("validation failure: {violation}"))
    })?;
    Ok(value)
}
