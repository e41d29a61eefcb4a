//! Swagger UI as a person uses it.

use fantoccini::{elements::Element, key::Key};

use super::chrome::Chrome;

const DIALOG: &str = "//div[contains(@class,'dialog-ux')]";
const AUTHORIZE: &str = "//div[@class='auth-wrapper']/button[contains(@class,'authorize')]";

/// `/docs`, opened in a browser.
pub struct SwaggerUi {
    pub chrome: Chrome,
}

impl SwaggerUi {
    /// Opens the page and waits until all its `operations` are there.
    pub async fn open(base: &str, path: &str, operations: usize) -> Self {
        let chrome = Chrome::start().await;
        chrome.open(&format!("{base}{path}")).await;
        let ui = Self { chrome };
        ui.shows_operations(operations).await;
        ui
    }

    pub async fn shows_operations(&self, count: usize) {
        let block = "//div[contains(concat(' ',@class,' '),' opblock ')]";
        self.chrome
            .wait(&format!("/html[count({block})={count}]"))
            .await;
    }

    /// Logs in through the Authorize dialog, which closes when that has worked.
    pub async fn log_in(&self, email: &str, password: &str) {
        self.open_dialog().await;
        self.fill(&input("oauth_username"), email).await;
        self.fill(&input("oauth_password"), password).await;
        self.press_enter(&input("oauth_password")).await;
        self.is_authorized().await;
    }

    /// Tries to log in with what is wrong, and returns what the dialog says.
    pub async fn fail_to_log_in(&self, email: &str, password: &str) -> String {
        self.open_dialog().await;
        self.fill(&input("oauth_username"), email).await;
        self.fill(&input("oauth_password"), password).await;
        self.press_enter(&input("oauth_password")).await;
        let said = self
            .chrome
            .wait(&format!("{DIALOG}//*[@role='alert']"))
            .await;
        let said = said.text().await.unwrap();
        self.press_enter("//button[@class='close-modal']").await;
        said
    }

    /// Puts a token into the Authorize dialog.
    pub async fn paste_token(&self, token: &str) {
        self.open_dialog().await;
        self.use_token(token).await;
    }

    /// Puts another token in the place of the one that is there.
    pub async fn paste_another_token(&self, token: &str) {
        self.open_dialog().await;
        self.click(&format!("{DIALOG}//button[.='Log out']")).await;
        self.use_token(token).await;
    }

    async fn use_token(&self, token: &str) {
        self.fill(&input("bearer_token"), token).await;
        self.click(&format!("{DIALOG}//button[.='Use token']"))
            .await;
        self.is_authorized().await;
    }

    async fn open_dialog(&self) {
        self.click(&format!("{AUTHORIZE}[not({DIALOG})]")).await;
    }

    /// Waits until the dialog is closed and the lock is.
    pub async fn is_authorized(&self) {
        self.chrome
            .wait(&format!(
                "{AUTHORIZE}[contains(@class,' locked')][not({DIALOG})]"
            ))
            .await;
    }

    /// Runs "Try it out" with `fields` filled in (`body` is the JSON body) and the rest as the page
    /// proposes it. Returns the answer as the page shows it, if its status is `status`.
    pub async fn try_out(&self, operation: &str, fields: &[(&str, &str)], status: u16) -> String {
        let block = format!("//div[contains(@class,'opblock')][contains(@id,'-{operation}')]");
        let button = |class: &str| format!("{block}//button[contains(@class,'{class}')]");
        self.click(&button("opblock-summary-control")).await;
        self.click(&button("try-out__btn")).await;
        for (name, text) in fields {
            let field = match *name {
                "body" => "textarea[contains(@class,'body-param__text')]".to_owned(),
                name => format!("input[@placeholder='{name}']"),
            };
            self.fill(&format!("{block}//{field}"), text).await;
        }
        self.click(&button("execute")).await;
        let answer = format!(
            "{block}//table[contains(@class,'live-responses-table')]//tr[@class='response']"
        );
        let code = format!(
            "td[contains(@class,'response-col_status')][starts-with(normalize-space(.),'{status}')]"
        );
        let shown = self.chrome.wait(&format!("{answer}[{code}]")).await;
        let text = shown.text().await.unwrap();
        self.click(&button("opblock-summary-control")).await;
        text
    }

    /// Opens an operation, with every failure in it, to be tried out.
    pub async fn unfold(&self, operation: &str) {
        let block = format!("//div[contains(@class,'opblock')][contains(@id,'-{operation}')]");
        self.click(&format!(
            "{block}//button[contains(@class,'opblock-summary-control')]"
        ))
        .await;
        self.chrome
            .wait(&format!("{block}//h4[.='Responses']"))
            .await;
        let unfold = "document.querySelectorAll('.docs-more').forEach((more) => more.click())";
        self.chrome.client.execute(unfold, vec![]).await.unwrap();
        self.click(&format!("{block}//button[contains(@class,'try-out__btn')]"))
            .await;
    }

    /// Shows schemas in the place of examples.
    pub async fn show_schemas(&self) {
        let script =
            "document.querySelectorAll('button[data-name=model]').forEach((tab) => tab.click())";
        self.chrome.client.execute(script, vec![]).await.unwrap();
        self.chrome.wait("//div[@class='model-box']").await;
    }

    /// Asks for a sample, and waits until it is shown.
    pub async fn shows_sample(&self, language: &str, part: &str) {
        let samples = "//div[@class='docs-samples']";
        self.click(&format!("{samples}//button[.='{language}']"))
            .await;
        self.chrome
            .wait(&format!("{samples}//pre[contains(.,'{part}')]"))
            .await;
    }

    async fn press_enter(&self, xpath: &str) {
        let element = self.chrome.wait(xpath).await;
        element.send_keys(&Key::Enter).await.unwrap();
    }

    /// Replaces what stands in a field.
    pub async fn fill(&self, xpath: &str, text: &str) {
        let field = self.click(xpath).await;
        field.send_keys(&(Key::Control + "a")).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub async fn click(&self, xpath: &str) -> Element {
        let element = self.chrome.wait(xpath).await;
        element.click().await.expect(xpath);
        element
    }
}

/// The input of the Authorize dialog with `id`.
fn input(id: &str) -> String {
    format!("{DIALOG}//input[@id='{id}']")
}
