//! How many lines of code a text has, by one rule for Rust and Python.

/// The rule, as the page states it.
pub const RULE: &str = "A line counts if something is said in it: a letter or digit outside of comments and documentation. Lines of brackets alone do not \
                        count, nor do imports (`use`, `import`, `from`), attributes and decorators, and what only shows or asserts \
                        (`assert`, `print` and their kin, to the closing bracket). The same rule counts both sides.";

/// The lines of code in a text of Rust or Python.
pub fn count(text: &str) -> usize {
    let (mut lines, mut depth, mut documented) = (0, 0i64, false);
    for line in text.lines() {
        let line = line.trim();
        let quotes = line.matches("\"\"\"").count();
        if documented || quotes > 0 {
            documented ^= quotes % 2 == 1;
            continue;
        }
        let code = without_comment(line);
        let open = depth > 0;
        if open || is_left_out(code) {
            depth = (depth + balance(code)).max(0);
            continue;
        }
        lines += usize::from(code.chars().any(char::is_alphanumeric));
    }
    lines
}

/// Whether a statement starts here that does not count.
fn is_left_out(code: &str) -> bool {
    let word = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    ["use", "import", "from", "assert", "assert_eq", "assert_ne", "print", "println"].contains(&word)
        || code.starts_with("#[")
        || code.starts_with('@')
}

/// The code before a comment; a mark inside of quotes starts none.
fn without_comment(line: &str) -> &str {
    if line.starts_with("#[") {
        return line;
    }
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some(c),
            (None, '#') => return &line[..at],
            (None, '/') if line[at..].starts_with("//") => return &line[..at],
            (None, _) => {}
        }
    }
    line
}

/// Brackets that stay open.
fn balance(code: &str) -> i64 {
    let count = |brackets: [char; 3]| code.chars().filter(|c| brackets.contains(c)).count() as i64;
    count(['(', '[', '{']) - count([')', ']', '}'])
}
