/** What each wrong inventory beside this file must print, letter by letter. */
export const TEXT: ReadonlyMap<string, string> = new Map([
  [
    'alias.yaml',
    `
error PD2010: no anchor &nowhere stands before this alias
  alias.yaml:2:6  vars.a
    2 |   a: *nowhere
      |      ^^^^^^^^
error PD2010: the alias *b contains itself
  alias.yaml:3:10  vars.b[0]
    3 |   b: &b [*b]
      |          ^^
2 problems. Nothing was contacted.
`,
  ],
  [
    'bad-numbers.yaml',
    `
error PD2015: 0644 would be read as 644
  bad-numbers.yaml:3:9  vars.mode
    3 |   mode: 0644
      |         ^^^^ put it in quotes if it is text
error PD2015: the number is too large to be exact
  bad-numbers.yaml:4:12  vars.account
    4 |   account: 12345678901234567890
      |            ^^^^^^^^^^^^^^^^^^^^ put it in quotes if it is text
error PD2015: infinity and "not a number" are not allowed
  bad-numbers.yaml:5:10  vars.limit
    5 |   limit: .inf
      |          ^^^^ put it in quotes if it is text
3 problems. Nothing was contacted.
`,
  ],
  [
    'bidi-escape.yaml',
    `
error PD2004: U+202E is a control or invisible character and is not allowed
  bidi-escape.yaml:2:28  hosts.edge-01.vars.text
    2 |   edge-01: { vars: { text: "a\\u202eb", bell: "\\a" } }
      |                            ^^^^^^^^^^ remove it
error PD2004: U+0007 is a control or invisible character and is not allowed
  bidi-escape.yaml:2:46  hosts.edge-01.vars.bell
    2 |   edge-01: { vars: { text: "a\\u202eb", bell: "\\a" } }
      |                                              ^^^^ remove it
2 problems. Nothing was contacted.
`,
  ],
  [
    'bidi.yaml',
    `
error PD2004: U+202E is a control or invisible character and is not allowed
  bidi.yaml:2:22
    2 |   edge-01: { zone: "a?b" }
      |                      ^ remove it
1 problem. Nothing was contacted.
`,
  ],
  [
    'billion-laughs.yaml',
    `
error PD2010: the alias *d stands for too much
  billion-laughs.yaml:6:38  vars.e[7]
    6 |   e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
      |                                      ^^
1 problem. Nothing was contacted.
`,
  ],
  [
    'directive.yaml',
    `
error PD2011: YAML directives are not supported
  directive.yaml:1:1
    1 | %YAML 1.1
      | ^ remove the line
1 problem. Nothing was contacted.
`,
  ],
  [
    'duplicate-key.yaml',
    `
error PD2009: the key "port" is there twice
  duplicate-key.yaml:2:24  hosts.edge-01.port
    2 |   edge-01: { port: 22, port: 2222 }
      |                        ^^^^
error PD2009: the key "edge-02" is there twice
  duplicate-key.yaml:4:3  hosts.edge-02
    4 |   "edge-02": {}
      |   ^^^^^^^^^
2 problems. Nothing was contacted.
`,
  ],
  [
    'empty.yaml',
    `
error PD2013: empty.yaml is empty
1 problem. Nothing was contacted.
`,
  ],
  [
    'merge-key.yaml',
    `
error PD2012: merge keys (<<) are not supported
  merge-key.yaml:4:5  hosts.edge-02.<<
    4 |     <<: *edge
      |     ^^ use defaults, groups or vars
1 problem. Nothing was contacted.
`,
  ],
  [
    'proto.yaml',
    `
error PD2012: the key "__proto__" is not allowed
  proto.yaml:3:5  hosts.edge-01.__proto__
    3 |     __proto__: { polluted: true }
      |     ^^^^^^^^^
error PD2012: the key "__proto__" is not allowed
  proto.yaml:4:29  hosts.edge-01.vars.__proto__
    4 |     vars: { constructor: 1, __proto__: { polluted: true } }
      |                             ^^^^^^^^^
error PD2012: the key "__proto__" is not allowed
  proto.yaml:5:3  hosts.__proto__
    5 |   __proto__: {}
      |   ^^^^^^^^^
3 problems. Nothing was contacted.
`,
  ],
  [
    'secret-tag.yaml',
    `
error PD2008: a secret can only be a variable
  secret-tag.yaml:3:14  hosts.edge-01.address
    3 |     address: !secret edge.address
      |              ^^^^^^^ see docs/secrets.md
error PD2008: not the name of a secret: names of letters, digits, - and _, with dots between them
  secret-tag.yaml:5:12  vars.api_key
    5 |   api_key: !secret edge..api_key
      |            ^^^^^^^
error PD2008: expected a name such as edge.api_key, or one of { env: NAME }, { file: PATH }, { age: FILE, key: NAME }, { sops: FILE, key: NAME }, { vault: PATH, key: NAME }
  secret-tag.yaml:6:10  vars.token
    6 |   token: !secret { env: 'A B' }
      |          ^^^^^^^
error PD2007: the YAML tag "!!timestamp" is not known
  secret-tag.yaml:7:9  vars.when
    7 |   when: !!timestamp 2026-11-22
      |         ^^^^^^^^^^^ write the value without a tag
error PD2007: the YAML tag "!!js/function" is not known
  secret-tag.yaml:8:8  vars.run
    8 |   run: !!js/function "function () {}"
      |        ^^^^^^^^^^^^^ write the value without a tag
5 problems. Nothing was contacted.
`,
  ],
  [
    'several-documents.yaml',
    `
error PD2011: the file holds several YAML documents
  several-documents.yaml:2:1
    2 | ---
      | ^ keep one of them
1 problem. Nothing was contacted.
`,
  ],
  [
    'tab-indent.yaml',
    `
error PD2006: not valid YAML: indentation must be spaces, not tabs
  tab-indent.yaml:2:1
    2 |  edge-01: {}
      | ^
1 problem. Nothing was contacted.
`,
  ],
  [
    'yaml-indent.yaml',
    `
error PD2006: not valid YAML: the line is indented differently from its neighbours
  yaml-indent.yaml:4:1
    4 |    zone: a
      | ^
1 problem. Nothing was contacted.
`,
  ],
  [
    'yaml-syntax.yaml',
    `
error PD2006: not valid YAML: a { further up is not closed with a }
  yaml-syntax.yaml:3:3
    3 |   edge-02: {}
      |   ^
1 problem. Nothing was contacted.
`,
  ],
]);
