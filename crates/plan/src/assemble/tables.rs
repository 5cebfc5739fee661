//! Stick tables: what their lines refer to, and the tables themselves.

use std::sync::Arc;

use state::Table;

use crate::ctx::Plan;

/// Whether the sections and tables that tables name exist.
pub(super) fn judge(plan: &mut Plan<'_>) {
    let mut late = Vec::new();
    for draft in &plan.tables {
        let proxy = &draft.short;
        if let Some(peers) = &draft.peers {
            if plan.peers.contains(&peers.as_str()) {
                plan.remarks.not_run(draft.span, "'peers' of 'stick-table'");
            } else {
                late.push(format!("Proxy '{proxy}': unable to find sync peers '{peers}'."));
            }
        }
        let Some(target) = &draft.write_to else { continue };
        let wrong = "failed to initialize stick-table: write-to:";
        match plan.tables.iter().find(|other| *other.shape.name == **target) {
            None => late.push(format!("Proxy '{proxy}': {wrong} table '{target}' doesn't exist.")),
            Some(other) if other.shape.key != draft.shape.key => late.push(format!(
                "Proxy '{proxy}': {wrong} cannot write to table '{target}' since it is of another type or key length."
            )),
            Some(_) => {}
        }
    }
    plan.late.extend(late);
}

/// Makes the tables.
pub(super) fn make(plan: &mut Plan<'_>) -> Vec<Arc<Table>> {
    plan.tables.drain(..).map(|draft| Arc::new(Table::new(draft.shape))).collect()
}
