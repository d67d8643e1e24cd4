import Testing

@testable import Notebooks

@Suite struct HTMLExportTests {
  @Test(arguments: [
    ("# A *b* `c<`", "<h1>A <em>b</em> <code>c&lt;</code></h1>\n"),
    ("a\nb  \nc", "<p>a\nb<br>\nc</p>\n"),
    (
      "**b** _i_ ~~d~~ snake_case_name 2*3*4",
      "<p><strong>b</strong> <em>i</em> <del>d</del> snake_case_name 2<em>3</em>4</p>\n"
    ),
    (
      "[t](http://x.y) [bad](javascript:alert(1)) <script>",
      "<p><a href=\"http://x.y\">t</a> bad) &lt;script&gt;</p>\n"
    ),
    ("![p](data:image/png;base64,AA)", "<p><img src=\"data:image/png;base64,AA\" alt=\"p\"></p>\n"),
    (
      "- a\n- b\n  - c\n\n1. d",
      "<ul>\n<li>a</li>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n<ol>\n<li>d</li>\n</ol>\n"
    ),
    ("> q\n> r", "<blockquote>\n<p>q\nr</p>\n</blockquote>\n"),
    ("```\n<x>\n```", "<pre><code>&lt;x&gt;</code></pre>\n"),
    (
      "| a | b |\n|---|--:|\n| 1 | `x` |",
      "<table>\n<thead>\n<tr><th>a</th><th style=\"text-align:right\">b</th></tr>\n</thead>\n<tbody>\n"
        + "<tr><td>1</td><td style=\"text-align:right\"><code>x</code></td></tr>\n</tbody>\n</table>\n"
    ),
    ("---", "<hr>\n"), ("", ""),
  ])
  func markdown(_ source: String, _ html: String) {
    #expect(Markdown.html(source) == html)
  }

  @Test func luaIsMarked() {
    #expect(
      LuaHighlighter.html("local x = f(1) -- c\n[[s]]")
        == "<span class=\"k\">local</span> x = <span class=\"f\">f</span>(<span class=\"n\">1</span>) "
        + "<span class=\"c\">-- c</span>\n<span class=\"s\">[[s]]</span>")
  }

  @Test func coloursOfTheTerminalAreKept() {
    #expect(ANSIText.html("a\u{1B}[1;31mb<\u{1B}[0mc\u{1B}[2K") == "a<span class=\"ab af1\">b&lt;</span>c")
    #expect(ANSIText.html("\u{1B}[38;5;196mx") == "<span style=\"color:#ff0000;\">x</span>")
  }

  @Test func pagesHoldEverything() throws {
    let page = HTMLExport.page(for: try NotebookFile.parse(try notebookFixture("rich.ipynb")), title: "rich")
    #expect(page.contains("<title>Title 语言</title>"))
    #expect(page.contains("<figure><svg>"))
    #expect(page.contains("prefers-color-scheme: dark"))
    #expect(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"))
  }
}
