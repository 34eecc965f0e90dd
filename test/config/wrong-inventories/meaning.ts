/** What each wrong inventory beside this file must print, letter by letter. */
export const MEANING: ReadonlyMap<string, string> = new Map([
  [
    'bad-address.yaml',
    `
error PD2028: the address "198.51.100.300" is not an IPv4 address
  bad-address.yaml:2:23  hosts.edge-01.address
    2 |   edge-01: { address: 198.51.100.300 }
      |                       ^^^^^^^^^^^^^^
error PD2028: the address "fe80::1%eth0" has a scope (%), which is not supported
  bad-address.yaml:3:23  hosts.edge-02.address
    3 |   edge-02: { address: "fe80::1%eth0" }
      |                       ^^^^^^^^^^^^^^
error PD2028: the address "-oProxyCommand=id" is not a host name or an IP address
  bad-address.yaml:4:23  hosts.edge-03.address
    4 |   edge-03: { address: "-oProxyCommand=id" }
      |                       ^^^^^^^^^^^^^^^^^^^
3 problems. Nothing was contacted.
`,
  ],
  [
    'bad-instance-port.yaml',
    `
error PD2033: port must be a whole number from 1 to 65535, not "6188"
  bad-instance-port.yaml:6:20  services.edge.instances.1.port
    6 |       "1": { port: "6188" }
      |                    ^^^^^^
error PD2033: port must be a whole number from 1 to 65535, not 0
  bad-instance-port.yaml:7:20  services.edge.instances.2.port
    7 |       "2": { port: 0 }
      |                    ^
2 problems. Nothing was contacted.
`,
  ],
  [
    'bad-names.yaml',
    `
error PD2017: "-oProxyCommand=touch /tmp/x" is not a name for a host
  bad-names.yaml:2:3  hosts.-oProxyCommand=touch /tmp/x
    2 |   "-oProxyCommand=touch /tmp/x": {}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ letters, digits, dots, dashes and _, beginning with a letter, digit or _
error PD2017: "edge 02" is not a name for a host
  bad-names.yaml:3:3  hosts.edge 02
    3 |   "edge 02": {}
      |   ^^^^^^^^^ letters, digits, dots, dashes and _, beginning with a letter, digit or _
error PD2015: user must be a user name, not "root; id"
  bad-names.yaml:4:20  hosts.edge-03.user
    4 |   edge-03: { user: "root; id" }
      |                    ^^^^^^^^^^
3 problems. Nothing was contacted.
`,
  ],
  [
    'bad-range.yaml',
    `
error PD2018: the range [20:1] runs backwards
  bad-range.yaml:4:9  groups.edge.hosts[0]
    4 |       - edge-[20:1]
      |         ^^^^^^^^^^^ write [1:20]
error PD2018: the ends of the range [01:100] have different lengths
  bad-range.yaml:5:9  groups.edge.hosts[1]
    5 |       - edge-[01:100]
      |         ^^^^^^^^^^^^^ write [001:100]
error PD2018: "edge-[1-20]" is not a range of hosts
  bad-range.yaml:6:9  groups.edge.hosts[2]
    6 |       - edge-[1-20]
      |         ^^^^^^^^^^^ ranges look like [01:20] or [a:f]
error PD2018: the range [a:9] mixes a letter and a number
  bad-range.yaml:7:9  groups.edge.hosts[3]
    7 |       - edge-[a:9]
      |         ^^^^^^^^^^
error PD2018: the range [1:9:0] has a step of 0
  bad-range.yaml:8:9  groups.edge.hosts[4]
    8 |       - edge-[1:9:0]
      |         ^^^^^^^^^^^^
error PD2018: the range [1:99999999] stands for too many hosts; the limit is 10000
  bad-range.yaml:9:9  groups.edge.hosts[5]
    9 |       - edge-[1:99999999]
      |         ^^^^^^^^^^^^^^^^^
6 problems. Nothing was contacted.
`,
  ],
  [
    'group-cycle.yaml',
    `
error PD2021: groups contain each other: a > b > c > a
  group-cycle.yaml:4:19  groups.c.children[0]
    4 |   c: { children: [a] }
      |                   ^
error PD2021: groups contain each other: self > self
  group-cycle.yaml:5:22  groups.self.children[0]
    5 |   self: { children: [self] }
      |                      ^^^^
2 problems. Nothing was contacted.
`,
  ],
  [
    'host-twice.yaml',
    `
error PD2024: the host edge-02 is described twice
  host-twice.yaml:2:3 edge-[01:03], also :3:3 edge-02
1 problem. Nothing was contacted.
`,
  ],
  [
    'instances-elsewhere.yaml',
    `
error PD2037: the service edge has no instance "3"
  instances-elsewhere.yaml:2:39  hosts.edge-01.instances.edge[1]
    2 |   edge-01: { instances: { edge: ["1", "3"] } }
      |                                       ^^^
error PD2035: the service edge is not on lb-01, which lists instances of it
  instances-elsewhere.yaml:3:25  hosts.lb-01.instances.edge
    3 |   lb-01: { instances: { edge: ["1"], edeg: ["1"] } }
      |                         ^^^^ see services.edge.on
error PD2036: no service is called "edeg"
  instances-elsewhere.yaml:3:38  hosts.lb-01.instances.edeg
    3 |   lb-01: { instances: { edge: ["1"], edeg: ["1"] } }
      |                                      ^^^^ did you mean "edge"?
3 problems. Nothing was contacted.
`,
  ],
  [
    'jump-cycle.yaml',
    `
error PD2026: the way to a leads through itself: a > b > c > a
  jump-cycle.yaml:4:14  hosts.c.jump
    4 |   c: { jump: a }
      |              ^
error PD2026: the way to d leads through itself: d > d
  jump-cycle.yaml:5:14  hosts.d.jump
    5 |   d: { jump: d }
      |              ^
2 problems. Nothing was contacted.
`,
  ],
  [
    'jump-length.yaml',
    `
error PD2027: more than 8 jump hosts in a row
  jump-length.yaml:11:15  hosts.h9.jump
    11 |   h9: { jump: h8 }
       |               ^^
1 problem. Nothing was contacted.
`,
  ],
  [
    'name-clash.yaml',
    `
error PD2023: "edge" is the name of a host and of a group
  name-clash.yaml:2:19 the host, also :2:3 the group
error PD2023: "all" is the group of all hosts and cannot be a host
  name-clash.yaml:2:25  groups.edge.hosts[1]
    2 |   edge: { hosts: [edge, all] }
      |                         ^^^
error PD2023: "all" is the group of all hosts and cannot be defined
  name-clash.yaml:3:3  groups.all
    3 |   all: { vars: { a: 1 } }
      |   ^^^ use defaults and vars at the top of the file
3 problems. Nothing was contacted.
`,
  ],
  [
    'no-hosts.yaml',
    `
error PD2038: the inventory has no hosts
  no-hosts.yaml:1:1
    1 | vars: { a: 1 }
      | ^^^^^^^^^^^^^^
1 problem. Nothing was contacted.
`,
  ],
  [
    'range-step.yaml',
    `
error PD2019: "edge-[02:04]" stands for 3 hosts, its address for 4
  range-step.yaml:2:28  hosts.edge-[02:04].address
    2 |   edge-[02:04]: { address: "198.51.100.[12:15]" }
      |                            ^^^^^^^^^^^^^^^^^^^^ ranges of name and address run in step
error PD2019: "lb-[1:2]" stands for 2 hosts, its address for one
  range-step.yaml:3:24  hosts.lb-[1:2].address
    3 |   lb-[1:2]: { address: 198.51.100.9 }
      |                        ^^^^^^^^^^^^ ranges of name and address run in step
2 problems. Nothing was contacted.
`,
  ],
  [
    'same-address.yaml',
    `
error PD2031: two hosts have the same address [2001:db8::1]:2222
  same-address.yaml:2:17 a, also :3:17 b
error PD2031: two hosts have the same address edge.example.com:22
  same-address.yaml:4:17 c, also :5:17 d
2 problems. Nothing was contacted.
`,
  ],
  [
    'same-port.yaml',
    `
error PD2032: two ports of edge-01 are the same: 6188
  same-port.yaml:11:20 edge-01@1 port, also :12:20 edge-01@2 port
error PD2032: two ports of edge-02 are the same: 6190
  same-port.yaml:11:38 edge-02@1 admin_port, also :6:28 edge-02@2 port
2 problems. Nothing was contacted.
`,
  ],
  [
    'service-selector.yaml',
    `
error PD2242: no host or group is called "edge-3"
  service-selector.yaml:4:22  services.edge.on
    4 |   edge: { on: "edge:!edge-3" }
      |                      ^^^^^^ did you mean "edge-03"?
error PD2242: no host or group is called "egde"
  service-selector.yaml:5:15  services.api.on
    5 |   api: { on: "egde:&eu" }
      |               ^^^^ did you mean "edge"?
error PD2242: no host or group is called "eu"
  service-selector.yaml:5:21  services.api.on
    5 |   api: { on: "egde:&eu" }
      |                     ^^
error PD2241: a part of the selector "edge:" is empty
  service-selector.yaml:6:20  services.web.on
    6 |   web: { on: "edge:" }
      |                    ^
error PD2241: instances cannot be chosen here
  service-selector.yaml:7:15  services.one.on
    7 |   one: { on: "edge-01@1" }
      |               ^^^^^^^^^
error PD2034: the service none runs on no host
  service-selector.yaml:8:15  services.none.on
    8 |   none: { on: "edge-01:!edge" }
      |               ^^^^^^^^^^^^^^^
error PD2034: the service lost runs on no host
  service-selector.yaml:9:3  services.lost
    9 |   lost: {}
      |   ^^^^
7 problems. Nothing was contacted.
`,
  ],
  [
    'unknown-child.yaml',
    `
error PD2020: no group is called "egde"
  unknown-child.yaml:3:27  groups.all-edges.children[0]
    3 |   all-edges: { children: [egde, nothing-like-it] }
      |                           ^^^^ did you mean "edge"?
error PD2020: no group is called "nothing-like-it"
  unknown-child.yaml:3:33  groups.all-edges.children[1]
    3 |   all-edges: { children: [egde, nothing-like-it] }
      |                                 ^^^^^^^^^^^^^^^
2 problems. Nothing was contacted.
`,
  ],
  [
    'unknown-jump.yaml',
    `
error PD2025: no host is called "bastoin"
  unknown-jump.yaml:1:19  defaults.jump
    1 | defaults: { jump: bastoin }
      |                   ^^^^^^^ did you mean "bastion"?
error PD2025: no host is called "gateway.example.com"
  unknown-jump.yaml:5:30  hosts.edge-02.jump[1]
    5 |   edge-02: { jump: [bastion, gateway.example.com] }
      |                              ^^^^^^^^^^^^^^^^^^^ a jump host must be a host of this inventory
2 problems. Nothing was contacted.
`,
  ],
]);
