export const SYSTEM = '/etc/systemd/system';
export const CONTROL = '/run/systemd/system.control';

/** The paths of one instance, as `place` of the agent names them. */
export type Place = {
  readonly service: string;
  readonly instance: string;
  readonly unit: string;
  /** Records of the service and of the instance. */
  readonly S: string;
  readonly I: string;
  /** The durable link, the link in /run, and where releases lie. */
  readonly C: string;
  readonly L: string;
  readonly R: string;
  readonly wants: string;
  readonly tmpfiles: string;
};

export function place(service: string, instance: string): Place {
  const unit = `${service}@${instance}.service`;
  return {
    service,
    instance,
    unit,
    S: `/var/lib/pdeploy/${service}`,
    I: `/var/lib/pdeploy/${service}/${instance}`,
    C: `/opt/pdeploy/${service}/${instance}/current`,
    L: `/run/pdeploy/${service}/${instance}/current`,
    R: `/opt/pdeploy/${service}/releases`,
    wants: `${SYSTEM}/multi-user.target.wants/${unit}`,
    tmpfiles: `/etc/tmpfiles.d/pdeploy-${service}.conf`,
  };
}

/** As a shell lists names. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
