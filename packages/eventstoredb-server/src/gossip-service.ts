import { randomUUID } from 'node:crypto';
import { unary } from './calls.js';
import { gossip, type gossipGrpc } from './protocol.js';
import { uuid } from './wire.js';

const ticksPerMs = 10_000n;

/** `event_store.client.gossip.Gossip`: tells the members of the cluster, which is this one, its leader. */
export function gossipService(endpoint: () => { host: string; port: number }): gossipGrpc.IGossipServer {
  const instanceId = uuid(randomUUID());
  return {
    read: unary(async () => {
      const { host, port } = endpoint();
      const member = new gossip.MemberInfo()
        .setInstanceId(instanceId)
        .setTimeStamp(String(BigInt(Date.now()) * ticksPerMs))
        .setState(gossip.MemberInfo.VNodeState.LEADER)
        .setIsAlive(true)
        .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
      return new gossip.ClusterInfo().setMembersList([member]);
    }),
  };
}
