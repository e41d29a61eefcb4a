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

    /// Runs "Try it out" and returns the answer's body as the page shows it, if its status is `status`.
    pub async fn try_out(&self, operation: &str, body: Option<&str>, status: u16) -> String {
        let block = format!("//div[contains(@class,'opblock')][contains(@id,'-{operation}')]");
        self.click(&format!(
            "{block}//button[contains(@class,'opblock-summary-control')]"
        ))
        .await;
        self.click(&format!("{block}//button[contains(@class,'try-out__btn')]"))
            .await;
        if let Some(body) = body {
            self.fill(
                &format!("{block}//textarea[contains(@class,'body-param__text')]"),
                body,
            )
            .await;
        }
        self.click(&format!("{block}//button[contains(@class,'execute')]"))
            .await;
        let answer = format!(
            "{block}//table[contains(@class,'live-responses-table')]//tr[@class='response']"
        );
        let shown = format!(
            "{answer}[td[contains(@class,'response-col_status')][starts-with(normalize-space(.),'{status}')]]"
        );
        self.chrome.wait(&shown).await.text().await.unwrap()
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
