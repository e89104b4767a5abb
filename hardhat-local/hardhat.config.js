/**
 * The throw-away local chain, as Hardhat configures it.
 *
 * Nothing is compiled here and no key is known to the node: accounts get their money at start (see chain.js) and
 * sign elsewhere. The hardfork is Hardhat's own default unless one is named; the contracts are compiled for `paris`
 * and run on every hardfork from `berlin` on.
 */

/**
 * @param {{chainId?: number, autoMine?: boolean, interval?: number, hardfork?: string}} choice
 *   `interval` in milliseconds, 0 for none.
 */
export function localChain({ chainId = 31337, autoMine = false, interval = 1000, hardfork } = {}) {
  return {
    networks: {
      local: {
        type: "edr-simulated",
        chainType: "l1",
        chainId,
        accounts: [],
        loggingEnabled: false,
        // Where blocks may come faster than the clock ticks, each would otherwise push the chain's clock another
        // second into the future.
        allowBlocksWithSameTimestamp: autoMine || (interval > 0 && interval < 1000),
        mining: { auto: autoMine, interval },
        ...(hardfork === undefined ? {} : { hardfork }),
      },
    },
  };
}

export default localChain();
