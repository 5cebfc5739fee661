//! Reads and builds configurations and prints every remark: `cargo run -p plan --example plan_check -- FILE...`. With more
//! than one file, a line for each says how it ended.

use config::{Context, Env};
use plan::{Environment, build};

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    for file in &files {
        let env: Env = std::env::vars_os()
            .map(|(n, v)| (n.as_encoded_bytes().to_vec(), v.as_encoded_bytes().to_vec()))
            .collect();
        let loaded = match config::load(&[file], &Context::with_env(env)) {
            Ok(loaded) => loaded,
            Err(e) => {
                println!("{e}");
                continue;
            }
        };
        let built = build(&loaded, &Environment::system("localhost", 2, 20_000, false));
        for remark in loaded.diagnostics().iter().chain(&built.diagnostics) {
            println!("{}", remark.line(&loaded, 0));
        }
        for reason in &built.unserved {
            println!("NOT STARTING {}", reason.line(&loaded, 0));
        }
        if files.len() > 1 {
            println!("{file}\t{}", u8::from(built.world.is_none()));
        } else if let Some(world) = built.world {
            println!("{world:#?}");
        }
    }
}
