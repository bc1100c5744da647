/** What is so of an instance. Written by the operator only. */
import { z } from 'zod';
import { conditions } from '#kube/api/conditions';
import { keyedBy } from '#kube/api/rules';

const SHARD_STATES = ['Serving', 'Starting', 'Draining', 'Updating', 'Down'] as const;
export type ShardState = (typeof SHARD_STATES)[number];

const count = z.int().min(0);

const endpoint = z.strictObject({
  listener: z.string().describe('Name of the listener.'),
  address: z.string().describe('host:port that clients start at.'),
});

const shardStatus = z.strictObject({
  name: z.string().describe('Name of the shard, which is also the name of its broker in routes.'),
  pod: z.string().describe('Its pod.'),
  state: z.enum(SHARD_STATES).describe('What it does now.'),
  address: z.string().describe('host:port that routes name to clients in the cluster.'),
  node: z.string().optional().describe('Node that the pod is on.'),
  zone: z.string().optional().describe('Zone of that node.'),
  image: z.string().optional().describe('Image that the pod runs.'),
  volume: z.string().optional().describe('Claim of its volume.'),
  readOnly: z.boolean().optional().describe('Whether sends are refused: it is to be removed.'),
});

const zone = z.strictObject({
  zone: z.string().describe('Name of the zone.'),
  brokers: count.describe('Brokers that are in it.'),
  nameServers: count.describe('Name servers that are in it.'),
});

const quota = z.strictObject({
  messagesPerSecond: count
    .optional()
    .describe('Messages a second, sent and received, that the instance may have now.'),
  throttled: z.boolean().describe('Whether calls were turned away for it lately.'),
});

const scaleIn = z.strictObject({
  shard: z.string().describe('The shard that is being removed.'),
  unreadMessages: count.describe('Messages on it that a group has not done with yet.'),
  deadLetters: count.describe('Dead letters on it; they stay on its volume.'),
  waitingFor: z
    .array(
      z.strictObject({
        group: z.string().describe('The group.'),
        topic: z.string().describe('The topic that it has not read to the end.'),
        messages: count.describe('How many messages are left.'),
      }),
    )
    .describe('Groups that it waits for.'),
});

/** Strings that columns show are made by the operator, not by kubectl. */
export const instanceStatus = z
  .strictObject({
    observedGeneration: count.optional().describe('The metadata.generation that this is about.'),
    conditions,
    image: z.string().optional().describe('Image that its pods are to run.'),
    version: z.string().optional().describe('Version of the image.'),
    shards: count.optional().describe('Number of shards that there are now.'),
    selector: z.string().optional().describe('Label selector of the brokers.'),
    brokers: z.string().optional().describe('Brokers that are ready, of those wanted: 2/3.'),
    nameServers: z.string().optional().describe('Name servers that are ready, of those wanted.'),
    endpoint: z.string().optional().describe('host:port that clients in the cluster start at.'),
    endpoints: keyedBy(z.array(endpoint), 'listener')
      .optional()
      .describe('Where clients start, for each listener.'),
    shardStatuses: keyedBy(z.array(shardStatus), 'name').optional().describe('Each shard.'),
    zones: keyedBy(z.array(zone), 'zone').optional().describe('What is in each zone now.'),
    quota: quota.optional().describe('How much of its messages a second is in use.'),
    scaleIn: scaleIn.optional().describe('How far the removal of a shard is.'),
    fleetRevision: z.string().optional().describe('Revision of the settings that pods have.'),
  })
  .describe('What is so, as the operator found it.');

export type InstanceStatus = z.output<typeof instanceStatus>;
export type ShardStatus = NonNullable<InstanceStatus['shardStatuses']>[number];
