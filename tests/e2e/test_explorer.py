"""The explorer at /docs in a real browser: it shows every operation and tries one out, from the gateway's own files and
within its own policy."""

import unittest

import openapi
import webdriver
from stack import Stack

WATCH = """
window.refused = [];
addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective + ' ' + event.blockedURI));
"""
SHOWN = "return document.querySelectorAll('.opblock').length"
TRY = """
const block = document.querySelector('[id="operations-Campaign-listCampaigns"]');
const steps = ['.execute', '.try-out__btn', '.opblock-summary-control']; // the last of them comes first
const button = steps.map(name => block.querySelector(name)).find(Boolean);
const answer = block.querySelector('.live-responses-table tbody .response-col_status');
if (!answer) button.click();
return answer ? answer.textContent.trim() : '';
"""
LOADED = "return performance.getEntriesByType('resource').map(entry => entry.name)"


class Explorer(unittest.TestCase):
    def test_it_shows_every_operation_and_tries_one_out(self):
        with Stack(with_lab=False, with_gateway=True) as stack:
            browser = webdriver.Browser(stack.folder / "browser")
            self.addCleanup(browser.close)
            browser.before_pages(WATCH)
            browser.go(f"http://{stack.gateway.rest}/docs")
            operations = len(openapi.load(stack.gateway).operations)
            stack.wait_until(lambda: browser.run(SHOWN) == operations, 60, f"{operations} operations on the page")
            stack.wait_until(lambda: browser.run(TRY) == "200", 60, "the answer of an operation that was tried out")
            loaded = browser.run(LOADED)
            self.assertGreater(len(loaded), 4)
            self.assertEqual([one for one in loaded if not one.startswith(f"http://{stack.gateway.rest}/")], [])
            self.assertEqual(browser.run("return window.refused"), [])

    def test_the_start_page_leads_there(self):
        with Stack(with_lab=False, with_gateway=True) as stack:
            answer = stack.gateway.call("GET", "/")
            for path in ("/docs", "/openapi.json"):
                self.assertIn(f'href="{path}"', answer.body)
            policy = stack.gateway.call("GET", "/docs").headers["content-security-policy"]
            self.assertIn("script-src 'self';", policy)
            self.assertNotIn("unsafe", policy)


if __name__ == "__main__":
    unittest.main()
