//! `-dL`: the files of code that this process consists of (management manual 3).

/// The program and its shared libraries, a line each, in the order in which they lie in memory.
pub(crate) fn print() {
    let mut seen = vec!["List of loaded object files:".to_owned()];
    let own = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let files = maps.lines().filter_map(|line| line.split_once('/').map(|(_, path)| format!("/{path}")));
    for file in own.into_iter().chain(files.filter(|path| path.contains(".so"))) {
        if !seen.contains(&file) {
            seen.push(file);
        }
    }
    seen.push(String::new());
    crate::say::out(&seen.join("\n"));
}
