//! The words of a POSIX shell script, as far as its values need them: quotation marks, variables, and the signs
//! between commands, without comments and here-documents.

/// Most tokens that are read.
const MOST: usize = 100_000;

/// A piece of a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// As it is.
    Text(String),
    /// The value of a variable.
    Variable(String),
    /// What only running the script would show.
    Open,
}

/// A word, or a sign between words.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A word; `bare` has no quotation mark and nothing to fill in.
    Word { parts: Vec<Part>, bare: bool },
    /// `\n`, `;`, `;;`, `&`, `&&`, `|`, `||`, `(`, `)`.
    Sign(&'static str),
}

/// A token and its line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    pub line: u32,
}

/// The tokens of a script.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer =
        Lexer { chars: text.chars().collect(), at: 0, line: 1, tokens: Vec::new(), here: Vec::new() };
    while lexer.at < lexer.chars.len() && lexer.tokens.len() < MOST {
        lexer.token();
    }
    lexer.tokens
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: u32,
    tokens: Vec<Token>,
    /// Ends of the here-documents that begin on the next line.
    here: Vec<String>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied()?;
        self.at += 1;
        if c == '\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(c)
    }

    fn sign(&mut self, sign: &'static str) {
        let line = self.line;
        for _ in 0..sign.chars().count() {
            self.next();
        }
        self.tokens.push(Token { kind: Kind::Sign(sign), line });
        if sign == "\n" {
            for end in std::mem::take(&mut self.here) {
                self.skip_here(&end);
            }
        }
    }

    fn token(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('\n', _) => self.sign("\n"),
            ('\\', '\n') => {
                self.next();
                self.next();
            }
            ('\\', '\r') if self.peek(2) == '\n' => self.at += 2,
            (c, _) if c.is_whitespace() => {
                self.next();
            }
            ('#', _) => {
                while self.at < self.chars.len() && self.peek(0) != '\n' {
                    self.at += 1;
                }
            }
            (';', ';') => self.sign(";;"),
            (';', _) => self.sign(";"),
            ('&', '&') => self.sign("&&"),
            ('&', '>') => self.redirection(),
            ('&', _) => self.sign("&"),
            ('|', '|') => self.sign("||"),
            ('|', _) => self.sign("|"),
            ('(', _) => self.sign("("),
            (')', _) => self.sign(")"),
            ('<' | '>', _) => self.redirection(),
            _ => {
                let line = self.line;
                let (parts, bare) = self.word();
                // A number before a redirection is no argument.
                let number =
                    matches!(parts.as_slice(), [Part::Text(t)] if t.chars().all(|c| c.is_ascii_digit()));
                if !(bare && number && matches!(self.peek(0), '<' | '>')) {
                    self.tokens.push(Token { kind: Kind::Word { parts, bare }, line });
                }
            }
        }
    }

    /// `>file`, `2>&1`, `<<END`: nothing of it is an argument.
    fn redirection(&mut self) {
        let here = self.peek(0) == '<' && self.peek(1) == '<' && self.peek(2) != '<';
        while matches!(self.peek(0), '<' | '>' | '&' | '-') {
            self.at += 1;
        }
        while matches!(self.peek(0), ' ' | '\t') {
            self.at += 1;
        }
        let (parts, _) = self.word();
        if here && self.here.len() < 16 {
            let text = parts.iter().map(|p| match p {
                Part::Text(t) => t.as_str(),
                _ => "",
            });
            self.here.push(text.collect());
        }
    }

    fn skip_here(&mut self, end: &str) {
        while self.at < self.chars.len() {
            let mut text = String::new();
            while let Some(c) = self.next() {
                if c == '\n' {
                    break;
                }
                text.push(c);
            }
            if text.trim() == end {
                return;
            }
        }
    }

    fn word(&mut self) -> (Vec<Part>, bool) {
        let (mut parts, mut bare) = (Vec::new(), true);
        let mut text = String::new();
        loop {
            match self.peek(0) {
                '\0' if self.at >= self.chars.len() => break,
                c if c.is_whitespace() => break,
                ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\'' => {
                    bare = false;
                    self.next();
                    while let Some(c) = self.next().filter(|c| *c != '\'') {
                        text.push(c);
                    }
                }
                '"' => {
                    bare = false;
                    self.next();
                    self.quoted(&mut text, &mut parts);
                }
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') | None => {}
                        Some(c) => {
                            bare = false;
                            text.push(c);
                        }
                    }
                }
                '$' | '`' => {
                    bare = false;
                    self.dollar(&mut text, &mut parts);
                }
                c => {
                    self.next();
                    text.push(c);
                }
            }
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(Part::Text(text));
        }
        (parts, bare)
    }

    fn quoted(&mut self, text: &mut String, parts: &mut Vec<Part>) {
        loop {
            match self.peek(0) {
                '"' => {
                    self.next();
                    return;
                }
                '\\' if matches!(self.peek(1), '"' | '\\' | '$' | '`') => {
                    self.next();
                    text.extend(self.next());
                }
                '\\' if self.peek(1) == '\n' => {
                    self.next();
                    self.next();
                }
                '$' | '`' => self.dollar(text, parts),
                _ => match self.next() {
                    Some(c) => text.push(c),
                    None => return,
                },
            }
        }
    }

    /// A variable, or what only running the script would show.
    fn dollar(&mut self, text: &mut String, parts: &mut Vec<Part>) {
        let mut add = |part| {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(text)));
            }
            parts.push(part);
        };
        let sign = self.next();
        if sign == Some('`') {
            while self.next().is_some_and(|c| c != '`') {}
            return add(Part::Open);
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self.peek(0) {
            '{' => {
                self.next();
                let mut name = String::new();
                while let Some(c) = self.next().filter(|c| *c != '}') {
                    name.push(c);
                }
                let plain = !name.is_empty() && name.chars().all(is_name);
                add(if plain { Part::Variable(name) } else { Part::Open });
            }
            '(' => {
                let mut depth = 0usize;
                while let Some(c) = self.next() {
                    match c {
                        '(' => depth += 1,
                        ')' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
                add(Part::Open);
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::new();
                while is_name(self.peek(0)) {
                    name.extend(self.next());
                }
                add(Part::Variable(name));
            }
            c if c.is_ascii_digit() || matches!(c, '@' | '*' | '#' | '?' | '!' | '$' | '-') => {
                self.next();
                add(Part::Open);
            }
            '\'' => {
                // `$'…'`: the usual escapes.
                self.next();
                while let Some(c) = self.next().filter(|c| *c != '\'') {
                    match c {
                        '\\' => match self.next() {
                            Some('n') => text.push('\n'),
                            Some('t') => text.push('\t'),
                            Some(c) => text.push(c),
                            None => {}
                        },
                        c => text.push(c),
                    }
                }
            }
            _ => text.push('$'),
        }
    }
}
