//! From the source of a credential to what is put on a request: keys as they are, AWS profiles,
//! helper programs. What needs a connection of its own (Google) is in `vertex`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::config::{self, Secret};
use crate::plan::inference::Source;
use crate::text::token::{HIDDEN, shown_path, without_arguments};

/// Largest file of credentials, and largest answer of a helper.
const LIMIT: u64 = 64 * 1024;

/// What goes onto a request.
#[derive(Clone)]
pub(super) enum Material {
    /// A key or token, for the header of the scheme.
    Token(Secret),
    /// Keys that sign requests.
    Aws {
        /// Its public part.
        id: Secret,
        /// Its secret part.
        secret: Secret,
        /// The token of a session.
        session: Option<Secret>,
    },
}

impl Material {
    /// Every text of it that must never be shown.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Token(token) => vec![token.clone()],
            Self::Aws { id, secret, session } => {
                [id, secret].into_iter().chain(session.as_ref()).cloned().collect()
            }
        }
    }
}

/// Gets at the credential. The error says in words why there is none.
pub(super) async fn load(source: &Source, run_helpers: bool) -> Result<Material, String> {
    match source {
        Source::Key { secret, .. } => Ok(Material::Token(trimmed(secret.expose()))),
        Source::AwsProfile { name, folder } => profile(name, folder.as_deref(), run_helpers).await,
        Source::Helper { command, args, timeout } if run_helpers => {
            understand(&run(command, args, *timeout).await?)
        }
        Source::Helper { .. } => Err("a credential helper runs only with --run-helpers".to_owned()),
        Source::GoogleFile { .. } => Err("the token was not fetched".to_owned()),
        Source::Unusable { reason } => Err(reason.clone()),
    }
}

fn trimmed(text: &str) -> Secret {
    Secret::new(text.trim())
}

/// Runs a helper, without a shell, and gives what it printed.
async fn run(command: &str, args: &[Secret], patience: Duration) -> Result<Secret, String> {
    let shown = without_arguments(command, HIDDEN);
    // Whatever lies in the working folder is not what was meant.
    if !Path::new(command).is_absolute() {
        return Err(format!("the credential helper {shown} is not given by its absolute path"));
    }
    let mut starting = tokio::process::Command::new(command);
    starting
        .args(args.iter().map(Secret::expose))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    #[cfg(unix)]
    starting.process_group(0);
    let mut child =
        starting.spawn().map_err(|e| format!("the credential helper {shown} cannot be run: {e}"))?;
    let mut group = Group { leader: child.id() };
    let mut out = Vec::new();
    let ended = timeout(patience, async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LIMIT + 1).read_to_end(&mut out).await.ok();
        }
        child.wait().await
    })
    .await;
    match ended {
        Err(_) => Err(format!("the credential helper {shown} did not end within {} s", patience.as_secs())),
        Ok(Err(e)) => Err(format!("the credential helper {shown} failed: {e}")),
        Ok(Ok(status)) if !status.success() => {
            Err(format!("the credential helper {shown} failed ({status})"))
        }
        Ok(Ok(_)) if out.len() as u64 > LIMIT => {
            Err(format!("the credential helper {shown} printed more than {LIMIT} bytes"))
        }
        Ok(Ok(_)) => {
            group.leader = None;
            String::from_utf8(out)
                .map(|text| trimmed(&text))
                .map_err(|_| format!("the credential helper {shown} printed something that is no text"))
        }
    }
}

/// A helper with what it started. Dropped, also where the run is stopped, it ends them all, so that
/// nothing goes on that somebody waits for no longer. One that ended well has none.
struct Group {
    leader: Option<u32>,
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader.and_then(|id| i32::try_from(id).ok()).filter(|id| *id > 1) {
            use nix::sys::signal::{Signal, killpg};
            // It may have ended just now.
            let _ = killpg(nix::unistd::Pid::from_raw(leader), Signal::SIGKILL);
        }
    }
}

/// A helper prints a key, or the JSON object that AWS asks of a `credential_process`.
pub(super) fn understand(printed: &Secret) -> Result<Material, String> {
    let text = printed.expose();
    if text.is_empty() {
        return Err("the credential helper printed nothing".to_owned());
    }
    if let Ok(Value::Object(map)) = serde_json::from_str::<Value>(text) {
        let member = |name: &str| map.get(name).and_then(Value::as_str).map(trimmed);
        return match (member("AccessKeyId"), member("SecretAccessKey")) {
            (Some(id), Some(secret)) => Ok(Material::Aws { id, secret, session: member("SessionToken") }),
            _ => Err("the credential helper printed JSON without AccessKeyId and SecretAccessKey".to_owned()),
        };
    }
    if text.lines().count() > 1 {
        return Err("the credential helper printed several lines".to_owned());
    }
    Ok(Material::Token(printed.clone()))
}

/// The keys of an AWS profile, from the files alone.
async fn profile(name: &str, folder: Option<&Path>, run_helpers: bool) -> Result<Material, String> {
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => home().ok_or("the user's home folder is not known")?.join(".aws"),
    };
    let mut files = EnvConfigFiles::builder();
    let mut found = false;
    for (kind, file) in
        [(EnvConfigFileKind::Config, "config"), (EnvConfigFileKind::Credentials, "credentials")]
    {
        let path = folder.join(file);
        if let Ok(text) = aside(move || read(&path)).await {
            files = files.with_contents(kind, text.expose());
            found = true;
        }
    }
    if !found {
        return Err(format!("there is no AWS configuration in {}", shown_place(&folder)));
    }
    // Only the contents given above are read: no environment, no other file.
    let sections = source::load(&Env::from_slice(&[]), &Fs::from_slice(&[]), &files.build())
        .await
        .ok()
        .and_then(|source| EnvConfigSections::parse(source).ok())
        .ok_or_else(|| format!("the AWS configuration in {} cannot be read", shown_place(&folder)))?;
    let Some(profile) = sections.get_profile(name) else {
        return Err(format!(
            "the AWS configuration in {} has no profile `{}`",
            shown_place(&folder),
            config::masked(name)
        ));
    };
    if let (Some(id), Some(secret)) = (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"))
    {
        let session = profile.get("aws_session_token").map(trimmed);
        return Ok(Material::Aws { id: trimmed(id), secret: trimmed(secret), session });
    }
    if let Some(command) = profile.get("credential_process") {
        if !run_helpers {
            return Err(format!(
                "the AWS profile `{name}` runs a program (credential_process), and programs run only with --run-helpers"
            ));
        }
        let mut words = words(command).into_iter();
        let program = words
            .next()
            .map(program_path)
            .ok_or_else(|| format!("the AWS profile `{name}` has an empty credential_process"))?;
        return understand(
            &run(&program, &words.map(Secret::new).collect::<Vec<_>>(), Duration::from_secs(20)).await?,
        );
    }
    Err(if profile.get("sso_session").or(profile.get("sso_start_url")).is_some() {
        format!(
            "the AWS profile `{name}` signs in through IAM Identity Center, which a person does in a browser"
        )
    } else if profile.get("role_arn").is_some() {
        format!("the AWS profile `{name}` assumes a role through STS, which this program does not do")
    } else {
        format!("the AWS profile `{name}` holds no keys")
    })
}

/// Where a bare name stands in the folders that programs are looked for in, as the AWS tools find it;
/// never in the working folder. Any other path stays as it is.
fn program_path(program: String) -> String {
    if program.contains(['/', '\\']) {
        return program;
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let there = |folder: PathBuf| {
        let path = folder.join(&program);
        (folder.is_absolute() && path.is_file()).then(|| path.to_str().map(str::to_owned)).flatten()
    };
    std::env::split_paths(&folders).find_map(there).unwrap_or(program)
}

/// Words of a command line; quotes keep one together.
pub(in crate::probe) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// How long a file of credentials is waited for: it may stand on a server that is gone.
const READING: Duration = Duration::from_secs(10);

/// Reads files beside everything else, so that neither the deadline nor Ctrl-C waits for one.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    match timeout(READING, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) => Err("reading the file of credentials was interrupted".to_owned()),
        Err(_) => Err(format!("the file of credentials was not read within {} s", READING.as_secs())),
    }
}

/// The place of a file as people may read it: what it holds may stand in its place.
pub(super) fn shown_place(path: &Path) -> String {
    shown_path(&path.to_string_lossy(), HIDDEN).to_owned()
}

/// A file of credentials, within its limit.
pub(super) fn read(path: &Path) -> Result<Secret, String> {
    let cannot = |e: String| format!("{} cannot be read: {e}", shown_place(path));
    let bytes = config::open::content(path, None, LIMIT).map_err(|e| cannot(e.to_string()))?;
    String::from_utf8(bytes).map(Secret::new).map_err(|_| cannot("it is no UTF-8 text".to_owned()))
}

/// The user's home folder.
pub(super) fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|h| !h.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn aws(material: Result<Material, String>) -> (String, String, Option<String>) {
        match material.unwrap_or_else(|e| panic!("{e}")) {
            Material::Aws { id, secret, session } => {
                (id.expose().to_owned(), secret.expose().to_owned(), session.map(|s| s.expose().to_owned()))
            }
            Material::Token(_) => panic!("a token"),
        }
    }

    #[tokio::test]
    async fn keys_come_from_the_credentials_file_first() {
        let dir = tempfile::tempdir().unwrap();
        let config = "[profile mill]\nregion = eu-central-1\naws_access_key_id = OLD\naws_secret_access_key = old\n[profile portal]\nsso_session = x\n[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = mill\n[profile program]\ncredential_process = /bin/echo nothing\n";
        std::fs::write(dir.path().join("config"), config).unwrap();
        std::fs::write(
            dir.path().join("credentials"),
            "[mill]\naws_access_key_id=AK1\naws_secret_access_key=sk1\naws_session_token=st1\n",
        )
        .unwrap();
        let of = |name: &'static str, helpers| profile(name, Some(dir.path()), helpers);
        assert_eq!(aws(of("mill", false).await), ("AK1".into(), "sk1".into(), Some("st1".into())));
        for (name, says) in [
            ("portal", "in a browser"),
            ("role", "assumes a role"),
            ("program", "--run-helpers"),
            ("absent", "no profile `absent`"),
        ] {
            let error = of(name, false).await.err().unwrap();
            assert!(error.contains(says), "{error}");
        }
        let elsewhere = profile("mill", Some(Path::new("/no/such/folder")), false).await;
        assert!(elsewhere.err().unwrap().contains("no AWS configuration"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn helpers_are_bounded_in_time_and_output() {
        let sh = |script: &str| vec![Secret::new("-c"), Secret::new(script)];
        let seconds = Duration::from_secs;
        let key = run("/bin/sh", &sh("echo '  key-1 '"), seconds(5)).await.unwrap();
        assert!(matches!(understand(&key).unwrap(), Material::Token(t) if t.expose() == "key-1"));
        for (script, patience, says) in
            [("sleep 30", 1, "did not end within 1 s"), ("yes", 5, "failed"), ("exit 3", 5, "failed")]
        {
            let error = run("/bin/sh", &sh(script), seconds(patience)).await.err().unwrap();
            assert!(error.contains(says) || error.contains("more than"), "{script}: {error}");
        }
        assert!(run("/no/such/helper", &[], seconds(1)).await.err().unwrap().contains("cannot be run"));
        assert!(understand(&Secret::new("a\nb")).is_err());
        assert!(understand(&Secret::new("{\"x\":1}")).is_err());
        let keys = understand(&Secret::new(r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"B"}"#));
        assert_eq!(aws(keys), ("A".into(), "B".into(), None));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_helper_is_an_absolute_path_and_ends_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["helper.sh", "./helper.sh", "bin/helper", "~/helper"] {
            let error = run(name, &[], Duration::from_secs(1)).await.err().unwrap();
            assert!(error.contains("absolute path"), "{error}");
        }
        assert_eq!(program_path("sh".to_owned()).rsplit('/').next(), Some("sh"));
        assert!(program_path("sh".to_owned()).starts_with('/') && program_path("./sh".to_owned()) == "./sh");
        // A child that keeps the output open, and would write a file once nobody waits any more.
        let mark = dir.path().join("mark");
        let script = format!("(sleep 2; echo x > {}) & sleep 30", mark.display());
        let args = vec![Secret::new("-c"), Secret::new(script)];
        let error = run("/bin/sh", &args, Duration::from_millis(300)).await.err().unwrap();
        assert!(error.contains("did not end"), "{error}");
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert!(!mark.exists(), "the child runs on");
    }

    #[cfg(unix)]
    #[test]
    fn files_that_never_end_are_no_credentials() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|s| s.success());
        let huge = dir.path().join("huge");
        std::fs::File::create(&huge).unwrap().set_len(LIMIT + 1).unwrap();
        for path in
            [Path::new("/dev/zero"), &huge, dir.path()].into_iter().chain(made.then_some(pipe.as_path()))
        {
            assert!(read(path).is_err(), "{}", path.display());
        }
    }

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words(r#"/opt/x "a b" --c='d e' ''"#), ["/opt/x", "a b", "--c=d e", ""]);
    }
}
