//! The tokens of a PowerShell script: words, texts, variables, members and signs, without comments.

/// Most steps of one script, so that no loop holds the program.
pub(super) const STEPS: usize = 200_000;

/// Most tokens that are read: those of tens of thousands of lines.
const TOKENS: usize = 100_000;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A bare word: a command, a parameter, an operator.
    Word(String),
    /// A text in single quotes, as it is.
    Plain(String),
    /// A text in double quotes, in which variables are filled in.
    Double(String),
    /// `$name`, in lower case.
    Variable(String),
    /// `.name` behind a value.
    Member(String),
    /// A sign of the language.
    Sign(char),
    /// The end of a statement.
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its line.
    pub line: u32,
}

/// The tokens of a script, up to [`TOKENS`] of them.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut line) = (0usize, 1u32);
    let get = |i: usize| chars.get(i).copied().unwrap_or('\0');
    while at < chars.len() && tokens.len() < TOKENS {
        let c = get(at);
        let start = line;
        let mut push = |kind| tokens.push(Token { kind, line: start });
        match c {
            '\n' => {
                push(Kind::End);
                line = line.saturating_add(1);
                at += 1;
            }
            ';' => {
                push(Kind::End);
                at += 1;
            }
            '`' => {
                // A line that goes on.
                at += if get(at + 1) == '\r' { 3 } else { 2 };
                if get(at - 1) == '\n' {
                    line = line.saturating_add(1);
                }
            }
            '#' => {
                while at < chars.len() && get(at) != '\n' {
                    at += 1;
                }
            }
            '<' if get(at + 1) == '#' => {
                while at < chars.len() && !(get(at) == '#' && get(at + 1) == '>') {
                    line = line.saturating_add(u32::from(get(at) == '\n'));
                    at += 1;
                }
                at += 2;
            }
            '@' if matches!(get(at + 1), '"' | '\'') => {
                let quote = get(at + 1);
                at += 2;
                while at < chars.len() && get(at) != '\n' {
                    at += 1;
                }
                at += 1;
                line = line.saturating_add(1);
                let mut body = String::new();
                loop {
                    let mut row = String::new();
                    while at < chars.len() && get(at) != '\n' {
                        row.push(get(at));
                        at += 1;
                    }
                    if row.starts_with([quote]) && row.chars().nth(1) == Some('@') {
                        at -= row.chars().count() - 2;
                        break;
                    }
                    if at >= chars.len() {
                        break;
                    }
                    body.push_str(row.trim_end_matches('\r'));
                    body.push('\n');
                    at += 1;
                    line = line.saturating_add(1);
                }
                body.pop();
                push(if quote == '"' { Kind::Double(body) } else { Kind::Plain(body) });
            }
            '"' | '\'' => {
                at += 1;
                let mut body = String::new();
                while at < chars.len() {
                    let inner = get(at);
                    if inner == c {
                        if get(at + 1) != c {
                            break;
                        }
                        at += 1;
                    } else if inner == '`' && c == '"' {
                        // Kept for the place where variables are filled in.
                        body.push('`');
                        at += 1;
                    }
                    line = line.saturating_add(u32::from(get(at) == '\n'));
                    body.push(get(at));
                    at += 1;
                }
                at += 1;
                push(if c == '"' { Kind::Double(body) } else { Kind::Plain(body) });
            }
            '$' if get(at + 1) == '{' => {
                let mut name = String::new();
                at += 2;
                while at < chars.len() && get(at) != '}' && name.len() < 200 {
                    name.push(get(at));
                    at += 1;
                }
                at += 1;
                push(Kind::Variable(name.to_lowercase()));
            }
            '$' if get(at + 1).is_alphabetic() || get(at + 1) == '_' => {
                let mut name = String::new();
                at += 1;
                while get(at).is_alphanumeric()
                    || get(at) == '_'
                    || get(at) == ':' && get(at + 1).is_alphabetic()
                {
                    name.push(get(at));
                    at += 1;
                }
                push(Kind::Variable(name.to_lowercase()));
            }
            '.' if at > 0
                && (get(at - 1).is_alphanumeric() || matches!(get(at - 1), ')' | ']' | '_' | '}'))
                && get(at + 1).is_alphabetic() =>
            {
                let mut name = String::new();
                at += 1;
                while get(at).is_alphanumeric() || get(at) == '_' {
                    name.push(get(at));
                    at += 1;
                }
                push(Kind::Member(name));
            }
            '=' | '{' | '}' | '(' | ')' | '[' | ']' | ',' | '|' | '@' | '&' | '$' | '>' | '<' | '+' => {
                push(Kind::Sign(c));
                at += 1;
            }
            c if c.is_whitespace() => at += 1,
            _ => {
                let mut word = String::new();
                while at < chars.len()
                    && !get(at).is_whitespace()
                    && !matches!(
                        get(at),
                        '=' | '{' | '}' | '(' | ')' | '[' | ']' | ',' | ';' | '|' | '"' | '\'' | '`'
                    )
                {
                    if get(at) == '$' && !word.is_empty() {
                        break;
                    }
                    word.push(get(at));
                    at += 1;
                }
                if word.is_empty() {
                    at += 1;
                } else {
                    push(Kind::Word(word));
                }
            }
        }
    }
    tokens
}
