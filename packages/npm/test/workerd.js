// The Worker that runtimes.js bundles and starts in workerd.
import { AsyncWeCom } from 'wecom-connector/async';
import { playBehavior, playScript } from './script.js';

export default {
  async fetch(request, bindings) {
    const { script, situations } = await request.json();
    const env = { ...bindings };
    return Response.json(
      script
        ? await playScript(await AsyncWeCom.load({ env }), script)
        : await playBehavior((options) => AsyncWeCom.load(options), env, situations),
    );
  },
};
