/// The command list, as `yuyan --help` prints it.
enum Usage {
  static let text = """
    yuyan: teach a language model a new language, in Lua

    yuyan                                      the prompt
    yuyan SCRIPT.lua [ARG ...]                 run a script; - reads it from standard input
    yuyan -e 'CODE'                            run one line; -i stays at the prompt afterwards
    yuyan run NOTEBOOK.ipynb [-o OUT.ipynb] [-p NAME=VALUE ...] [--html OUT.html] [--timeout S]
                                               run a notebook (or a script) as a batch job
    yuyan chat FOLDER                          talk to a model
    yuyan convert A.ipynb B.lua                notebook <-> percent-format script; also -> .html
    yuyan doctor                               what this machine has, and a self-test
    yuyan help [NAME]                          the reference, in the terminal
    yuyan --version

    Exit status: 0 done, 1 your code or data failed, 2 wrong usage, 130 interrupted.

    """
}
