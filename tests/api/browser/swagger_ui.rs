//! Swagger UI as a person uses it.

use fantoccini::{elements::Element, key::Key};

use super::chrome::Chrome;

const DIALOG: &str = "//div[contains(@class,'dialog-ux')]";

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

    /// Logs in through the Authorize dialog.
    pub async fn log_in(&self, email: &str, password: &str) {
        self.open_dialog().await;
        self.fill("//input[@id='oauth_username']", email).await;
        self.fill("//input[@id='oauth_password']", password).await;
        self.authorize("oauth_username").await;
    }

    /// Puts a token into the Authorize dialog.
    pub async fn paste_token(&self, token: &str) {
        self.open_dialog().await;
        self.fill("//input[@id='auth-bearer-value']", token).await;
        self.authorize("auth-bearer-value").await;
    }

    /// Puts another token in the place of the one that is there.
    pub async fn paste_another_token(&self, token: &str) {
        self.open_dialog().await;
        self.click(&format!("{DIALOG}//button[.='Logout']")).await;
        self.fill("//input[@id='auth-bearer-value']", token).await;
        self.authorize("auth-bearer-value").await;
    }

    async fn open_dialog(&self) {
        self.click("//div[@class='auth-wrapper']/button[contains(@class,'authorize')]")
            .await;
    }

    /// Presses the button of the scheme that has `field`, and closes the dialog when it has worked.
    async fn authorize(&self, field: &str) {
        let scheme = format!("{DIALOG}//div[@class='auth-container'][.//input[@id='{field}']]");
        self.click(&format!("{scheme}//button[contains(@class,'authorize')]"))
            .await;
        self.chrome
            .wait(&format!("{DIALOG}//h6[.='Authorized']"))
            .await;
        self.chrome
            .wait(&format!("{DIALOG}//button[.='Logout']"))
            .await;
        self.click(&format!("{DIALOG}//button[contains(@class,'btn-done')]"))
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

    /// Replaces what stands in a field.
    async fn fill(&self, xpath: &str, text: &str) {
        let field = self.click(xpath).await;
        field.send_keys(&(Key::Control + "a")).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn click(&self, xpath: &str) -> Element {
        let element = self.chrome.wait(xpath).await;
        element.click().await.expect(xpath);
        element
    }
}
