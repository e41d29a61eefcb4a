//! Chromium, driven through chromedriver.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

const PATIENCE: Duration = Duration::from_secs(60);

const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Why there is no browser to test with.
pub fn missing() -> Option<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|folder| folder.join("chromedriver").is_file());
    (!found).then_some(
        "the browser tests: chromedriver is not on PATH (Debian's package chromium-driver)",
    )
}

/// A browser of its own, with an empty profile; both are gone when it is dropped.
pub struct Chrome {
    pub client: Client,
    // Dropped in this order: the browser writes to its profile until the driver has ended it.
    driver: Driver,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// One browser at a time: several would slow each other, and every other test, down.
static TURN: Mutex<()> = Mutex::const_new(());

impl Chrome {
    pub async fn start() -> Self {
        let turn = TURN.lock().await;
        let driver = Driver::start();
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push("--window-size=1280,1600".to_owned());
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("it is an object")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{}", driver.address))
            .await
            .expect("a browser");
        let chrome = Self {
            client,
            driver,
            _profile: profile,
            _turn: turn,
        };
        chrome.forget_start_page().await;
        chrome
    }

    /// The browser's own start page asks for things too.
    async fn forget_start_page(&self) {
        self.open("about:blank").await;
        self.log("performance").await;
        self.log("browser").await;
    }

    /// Goes to a page and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.expect(url);
    }

    /// Shows pages on a screen of `width` (in CSS pixels) to a person who prefers `scheme`, `light` or `dark`.
    pub async fn emulate(&self, width: u32, scheme: &str) {
        let screen =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        let preferred =
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        for (command, parameters) in [
            ("Emulation.setDeviceMetricsOverride", screen),
            ("Emulation.setEmulatedMedia", preferred),
        ] {
            let command = json!({ "cmd": command, "params": parameters });
            self.driver_call("goog/cdp/execute", &command).await;
        }
    }

    /// The first element that `xpath` names, waited for.
    pub async fn wait(&self, xpath: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE);
        match found.for_element(Locator::XPath(xpath)).await {
            Ok(element) => element,
            Err(error) => panic!("{xpath}: {error}\n{}", self.text().await),
        }
    }

    /// What a person reads on the page.
    pub async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await;
        body.expect("a body").text().await.expect("its text")
    }

    /// Errors on the console, refusals by the Content-Security-Policy and failed requests included.
    pub async fn console_errors(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// The addresses that pages asked for over the network.
    pub async fn requested(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let urls = entries.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &event["message"];
            (message["method"] == "Network.requestWillBeSent").then_some(())?;
            message["params"]["request"]["url"]
                .as_str()
                .map(str::to_owned)
        });
        urls.filter(|url| !url.starts_with("data:") && !url.starts_with("blob:"))
            .collect()
    }

    /// What chromedriver has logged since it was last asked.
    async fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.driver_call("se/log", &json!({ "type": kind })).await;
        log["value"].as_array().expect("entries").clone()
    }

    /// Calls what chromedriver has beyond WebDriver.
    async fn driver_call(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.unwrap().expect("a session");
        let url = format!("http://{}/session/{session}/{path}", self.driver.address);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(url).json(body).send().await;
        let answer = answer.expect("an answer").error_for_status();
        answer.expect("success").json().await.expect("JSON")
    }
}

/// A chromedriver process on a port of its own.
struct Driver {
    address: String,
    child: Child,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("chromedriver starts");
        let mut output = BufReader::new(child.stdout.take().expect("a piped stdout"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            let read = output.read_line(&mut line).expect("chromedriver's output");
            assert_ne!(read, 0, "chromedriver ended before it named its port");
            if let Some((_, port)) = line.trim_end().rsplit_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        Self {
            address: format!("127.0.0.1:{port}"),
            child,
        }
    }

    /// Ends the browser, which would outlive a killed chromedriver, and then chromedriver itself.
    fn shut_down(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET /shutdown HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )?;
        stream.read_to_end(&mut Vec::new()).map(|_| ())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}
