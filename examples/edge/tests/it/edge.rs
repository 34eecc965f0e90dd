use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::client;

const PATIENCE: Duration = Duration::from_secs(15);

/// A directory, three ports and a config file, and the processes started on them.
pub struct Edge {
    pub dir: PathBuf,
    pub http: u16,
    pub admin: u16,
    pub metrics: u16,
    notify: UnixDatagram,
}

pub struct Process {
    pub child: Child,
    log: PathBuf,
}

impl Edge {
    /// `app` holds lines of the `app:` map besides the addresses.
    pub fn new(app: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("edge-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let notify = UnixDatagram::bind(dir.join("notify")).unwrap();
        notify.set_read_timeout(Some(PATIENCE)).unwrap();
        let [http, admin, metrics] = free_ports();
        let edge = Self { dir, http, admin, metrics, notify };
        edge.configure(app);
        edge
    }

    pub fn configure(&self, app: &str) {
        let Self { http, admin, metrics, .. } = self;
        let sock = self.dir.join("upgrade.sock");
        let text = format!(
            "version: 1\nupgrade_sock: {}\ngrace_period_seconds: 1\ngraceful_shutdown_timeout_seconds: 1\napp:\n\
             \x20 listen: {{ http: '127.0.0.1:{http}' }}\n  admin: {{ addr: '127.0.0.1:{admin}' }}\n\
             \x20 metrics: {{ addr: '127.0.0.1:{metrics}' }}\n{app}\n",
            sock.display()
        );
        fs::write(self.config(), text).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.dir.join("edge.yaml")
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edge"));
        command.arg("-c").arg(self.config()).env_remove("PDEPLOY_RELEASE").env_remove("RUST_LOG");
        command.env("NOTIFY_SOCKET", self.dir.join("notify"));
        command
    }

    pub fn spawn(&self) -> Process {
        Process::start(self.command(), self.dir.join("log"))
    }

    pub fn start(&self) -> Process {
        let process = self.spawn();
        assert_eq!(self.notified(), "READY=1", "{}", process.log());
        process
    }

    /// The next message to systemd.
    pub fn notified(&self) -> String {
        let mut buffer = [0; 64];
        let size = self.notify.recv(&mut buffer).expect("a message to NOTIFY_SOCKET");
        String::from_utf8_lossy(&buffer[..size]).into_owned()
    }

    pub fn ready(&self) -> u16 {
        client::get(self.admin, "/readyz").unwrap().status
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Process {
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let stderr = fs::File::create(&log).unwrap();
        let child = command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        Self { child, log }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = Command::new("sh").args(["-c", "kill -s $0 $1", name, &pid]).status().unwrap();
        assert!(status.success());
    }

    pub fn running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn wait(&mut self) -> ExitStatus {
        eventually("the process to end", || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Held all at once, so that they differ.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

pub fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path
}
