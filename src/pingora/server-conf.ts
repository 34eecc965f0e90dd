// Made from keys.ts: `vitest run --project unit test/pingora/keys.test.ts -u` writes it anew.

/** Keys of Pingora's server configuration that a playbook may set; the others pdeploy sets itself. */
export type ServerConf = {
  /** Version of the format; write 1. Default: 0. Since 0.1.1. */
  readonly version?: number | undefined;
  /** Worker threads that each service of the process gets for itself. 0 is not automatic: it panics. In threads per service. Default: 1. Since 0.1.0. */
  readonly threads?: number | undefined;
  /** Tasks that accept connections on each listening socket. In tasks. Default: 1. Since 0.5.0. */
  readonly listener_tasks_per_fd?: number | undefined;
  /** Idle threads of a service take work from its busy ones. Default: true. Since 0.1.0. */
  readonly work_stealing?: boolean | undefined;
  /** Authorities that upstreams are checked against. In path. Default: the TLS library's own store. Since 0.1.0. */
  readonly ca_file?: string | null | undefined;
  /** TLS configurations that are kept; read in builds with s2n only. In entries. Default: 10. Since 0.7.0. */
  readonly s2n_config_cache_size?: number | null | undefined;
  /** Addresses that connections to upstreams come from. In addresses. Default: any. Since 0.1.1. */
  readonly client_bind_to_ipv4?: readonly string[] | undefined;
  /** The same for IPv6. In addresses. Default: any. Since 0.1.1. */
  readonly client_bind_to_ipv6?: readonly string[] | undefined;
  /** Idle connections to upstreams that are kept, all upstreams together: the size of the pool. In connections. Default: 128. Since 0.1.1. */
  readonly upstream_keepalive_pool_size?: number | undefined;
  /** Thread pools of their own for connecting to upstreams; takes the next key too. In pools. Default: none. Since 0.1.1. */
  readonly upstream_connect_offload_threadpools?: number | null | undefined;
  /** Threads in each of those pools. In threads. Default: none. Since 0.1.1. */
  readonly upstream_connect_offload_thread_per_pool?: number | null | undefined;
  /** Write the TLS keys of upstream connections to $SSLKEYLOGFILE. Never in production. Default: false. Since 0.2.0. */
  readonly upstream_debug_ssl_keylog?: boolean | undefined;
  /** Most retries of a request whose error allows one. In per request. Default: 16. Since 0.5.0. */
  readonly max_retries?: number | undefined;
  /** How long both sides of a handover wait. Read, and used nowhere up to 0.9.1. In x 1 s. Default: 5. Since 0.7.0. */
  readonly upgrade_sock_connect_accept_max_retries?: number | null | undefined;
  /** Tokio's other timer; needs a build with `--cfg tokio_unstable`, and `work_stealing`. Default: false. Since 0.9.0. */
  readonly runtime_enable_alt_timer?: boolean | undefined;
  /** Thread pools of their own for TLS handshakes with clients; takes the next key too. In pools. Default: none. Since 0.9.0. */
  readonly downstream_tls_offload_threadpools?: number | null | undefined;
  /** Threads in each of those pools. In threads. Default: none. Since 0.9.0. */
  readonly downstream_tls_offload_thread_per_pool?: number | null | undefined;
  /** Most threads for blocking work, in each runtime. In threads. Default: 512. Since 0.9.0. */
  readonly max_blocking_threads?: number | null | undefined;
  /** How long such a thread stays when it is idle. In s. Default: 10. Since 0.9.0. */
  readonly blocking_threads_ttl_seconds?: number | null | undefined;
  /** Longer timeouts use Tokio's timer; `null`: none does. In s. Default: 900. Since 0.9.0. */
  readonly fast_timeout_to_tokio_threshold_seconds?: number | null | undefined;
  /** Measure how long tasks run at a stretch; needs a build with `--cfg tokio_unstable`. Default: false. Since 0.9.0. */
  readonly runtime_metrics_poll_time_histogram?: boolean | undefined;
  /** Whether its buckets are equally wide or each twice the one before. Default: Tokio's own. Since 0.9.0. */
  readonly runtime_metrics_poll_time_histogram_scale?: 'linear' | 'log' | null | undefined;
  /** Width of its first bucket. In us. Default: Tokio's own. Since 0.9.0. */
  readonly runtime_metrics_poll_time_histogram_resolution_micros?: number | null | undefined;
  /** How many buckets it has. In buckets. Default: Tokio's own. Since 0.9.0. */
  readonly runtime_metrics_poll_time_histogram_buckets?: number | null | undefined;
};
