fn x<'a>(c: &'a C, q: char) -> bool { if q == '"' { /* /* */ "kill" */ }; c.is_enabled(r#"gone-"rs"#) }
