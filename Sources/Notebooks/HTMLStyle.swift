/// The style sheet of exported pages.
enum HTMLStyle {
  static let sheet = """
    :root {
      --page: #fbfaf7; --ink: #1f2328; --soft: #6a6f76; --line: #e2dfd6; --code: #f3f1ea; --accent: #b4492d;
      --k: #8a3ffc; --s: #2f7d4f; --n: #b4492d; --c: #8b8f96; --f: #1f5fbf; --error: #b3261e; --errorback: #fdf0ee;
      --a0: #3b3b3b; --a1: #c0392b; --a2: #2e8b57; --a3: #b7791f; --a4: #2563c9; --a5: #9b3fb5; --a6: #13808a;
      --a7: #8a8f98; --a8: #6a6f76; --a9: #e05545; --a10: #36a568; --a11: #cf922f; --a12: #4a83ea; --a13: #b967d0;
      --a14: #2a9faa; --a15: #1f2328;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #15171a; --ink: #dfe2e6; --soft: #969ba3; --line: #2c3036; --code: #1d2025; --accent: #ff8a65;
        --k: #c3a6ff; --s: #8fd6a8; --n: #ffab8a; --c: #7b818a; --f: #8ab8ff; --error: #ff8a80; --errorback: #2b1b1a;
        --a0: #8b8f96; --a1: #ff7b6b; --a2: #7bd39b; --a3: #e8be6d; --a4: #7fb0ff; --a5: #d79cf0; --a6: #6fd3dd;
        --a7: #c9ccd1; --a8: #8b8f96; --a9: #ff9c8f; --a10: #9be6b5; --a11: #f3d493; --a12: #a5c8ff; --a13: #e6bdf7;
        --a14: #97e4ec; --a15: #ffffff;
      }
      figure:has(svg) { filter: invert(.91) hue-rotate(180deg); }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--page); color: var(--ink); overflow-wrap: break-word;
      font: 17px/1.65 "Source Serif 4", Charter, Georgia, "Noto Serif CJK SC", "Songti SC", serif;
    }
    main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 2rem; }
    h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 2em 0 .6em; font-weight: 650; letter-spacing: -.01em; }
    h1 { font-size: 2.1rem; margin-top: .5em; } h2 { font-size: 1.45rem; } h3 { font-size: 1.18rem; }
    h4, h5, h6 { font-size: 1rem; }
    p, ul, ol { margin: .8em 0; } li { margin: .25em 0; }
    a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
    hr { border: 0; border-top: 1px solid var(--line); margin: 2.5em 0; }
    blockquote { margin: 1em 0; padding: .1em 1.1em; border-left: 3px solid var(--accent); color: var(--soft); }
    code, pre, summary, footer, .tag { font-family: "JetBrains Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
      "Noto Sans Mono CJK SC", monospace; }
    code { font-size: .84em; background: var(--code); border-radius: 4px; padding: .12em .35em; }
    pre { font-size: .8rem; line-height: 1.55; margin: 0; overflow-x: auto; tab-size: 4; }
    pre code { font-size: inherit; background: none; padding: 0; }
    .text pre { background: var(--code); border-radius: 8px; padding: .9em 1.1em; margin: 1em 0; }
    table { border-collapse: collapse; font-size: .88rem; line-height: 1.45; margin: 1.2em 0; display: block;
      overflow-x: auto; font-variant-numeric: tabular-nums; }
    th, td { padding: .38em .85em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
    thead th { border-bottom: 2px solid var(--line); font-weight: 650; }
    img, svg { max-width: 100%; height: auto; }
    .cell { margin: 1.6em 0; }
    .cell details { background: var(--code); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
    .cell summary { display: flex; align-items: center; gap: .8em; padding: .3em .95em; font-size: .68rem;
      color: var(--soft); cursor: pointer; list-style: none; user-select: none; }
    .cell summary::-webkit-details-marker { display: none; }
    .cell summary::before { content: "▸"; font-size: .8em; }
    .cell details[open] summary::before { content: "▾"; }
    .cell details[open] .what { display: none; }
    .count { color: var(--accent); font-weight: 700; }
    .time { margin-left: auto; }
    .tag { border: 1px solid var(--line); border-radius: 99px; padding: 0 .7em; }
    .code { padding: .25em 1.15em 1em; }
    .k { color: var(--k); } .s { color: var(--s); } .n { color: var(--n); } .f { color: var(--f); }
    .c { color: var(--c); font-style: italic; }
    .outputs { padding: .7em 1.15em 0; }
    .outputs > * { margin: 0 0 .7em; }
    .outputs pre { max-height: 34rem; overflow: auto; }
    .stderr { color: var(--soft); border-left: 3px solid var(--line); padding-left: .8em; }
    .error { color: var(--error); background: var(--errorback); border-radius: 8px; padding: .8em 1em; white-space: pre-wrap; }
    .failed details { border-color: var(--error); }
    figure { text-align: center; background: #fff; border-radius: 8px; padding: .5em; }
    .html { overflow-x: auto; }
    .raw { color: var(--soft); margin: 1.2em 0; }
    footer { max-width: 46rem; margin: 0 auto; padding: 1.2rem 1.25rem 3rem; font-size: .72rem; color: var(--soft);
      border-top: 1px solid var(--line); }
    .ab { font-weight: 700; } .ad { opacity: .65; } .ai { font-style: italic; } .au { text-decoration: underline; }
    .ar { filter: invert(1); }
    \(colours("f", "color"))\(colours("b", "background"))@media (max-width: 40rem) {
      body { font-size: 16px; }
      main { padding: 1.5rem 1rem; } footer { padding-left: 1rem; padding-right: 1rem; }
      h1 { font-size: 1.7rem; }
      .cell details { border-radius: 8px; }
      .code, .outputs { padding-left: .8em; padding-right: .8em; }
    }
    @media print { details { border: 0; } .outputs pre { max-height: none; } }

    """

  private static func colours(_ letter: String, _ property: String) -> String {
    (0..<16).map { ".a\(letter)\($0) { \(property): var(--a\($0)); }" }.joined(separator: " ") + "\n"
  }
}
