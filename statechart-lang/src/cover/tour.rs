//! Words from a graph: walks from the start that meet every target that any step meets.
//!
//! The fewest symbols that cover everything are hard to find (it is set cover, with walks for sets). Where targets and
//! situations are few, every combination is gone through; else each walk goes on to the nearest target that is left, or
//! a new word begins where that is nearer.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, VecDeque},
};

use super::{
    Shortness,
    graph::{Edge, Graph},
};

/// Most combinations of a situation and the targets met so far that are gone through for an exact answer.
pub const EXACT_LIMIT: usize = 1_000_000;

/// A walk: positions of its edges, each in the list of the situation where it is.
type Walk = Vec<usize>;

/// The words, and how short they are.
pub(super) fn words(graph: &Graph) -> (Vec<String>, Shortness) {
    let edges = || graph.nodes.iter().flatten();
    let reachable: BTreeSet<usize> = edges().flat_map(|edge| edge.meets.iter().copied()).collect();
    let (walks, shortness) = match exact(graph, &reachable) {
        Some(walks) => (walks, Shortness::Exact),
        None => {
            let walks = without_spare(graph, greedy(graph, &reachable));
            let bound = farthest(graph, &reachable);
            // One word that is no longer than the way to one target cannot be beaten.
            let is_exact = graph.whole && walks.len() == 1 && symbols(&walks) == bound;
            (walks, if is_exact { Shortness::Exact } else { Shortness::AtLeast(bound) })
        }
    };
    (walks.iter().map(|walk| text(graph, walk)).collect(), shortness)
}

fn symbols(walks: &[Walk]) -> usize {
    // The first step of each is the start.
    walks.iter().map(|walk| walk.len().saturating_sub(1)).sum()
}

fn edge(graph: &Graph, node: usize, position: usize) -> Option<&Edge> {
    graph.nodes.get(node)?.get(position)
}

/// The edges of a walk.
fn along<'g>(graph: &'g Graph, walk: &[usize]) -> Vec<&'g Edge> {
    let mut node = 0;
    let mut edges = Vec::new();
    for &position in walk {
        let Some(edge) = edge(graph, node, position) else { break };
        edges.push(edge);
        node = edge.to;
    }
    edges
}

fn text(graph: &Graph, walk: &[usize]) -> String {
    let parts: Vec<&str> = along(graph, walk)
        .into_iter()
        .map(|edge| edge.text.as_str())
        .filter(|text| !text.is_empty())
        .collect();
    if parts.is_empty() { "ε".to_owned() } else { parts.join(" ") }
}

/// The way from a situation to the nearest step that meets a target that is left; of several that which meets most.
fn nearest(graph: &Graph, from: usize, left: &BTreeSet<usize>) -> Option<Walk> {
    let mut before: Vec<Option<(usize, usize)>> = vec![None; graph.nodes.len()];
    let mut layer = vec![from];
    let mut reached = vec![false; graph.nodes.len()];
    *reached.get_mut(from)? = true;
    while !layer.is_empty() {
        let mut best: Option<(usize, usize, usize)> = None;
        let mut next = Vec::new();
        for &node in &layer {
            for (position, edge) in graph.nodes.get(node).into_iter().flatten().enumerate() {
                let fresh = edge.meets.iter().filter(|target| left.contains(target)).count();
                if fresh > best.map_or(0, |(most, ..)| most) {
                    best = Some((fresh, node, position));
                }
                if let Some(place) = reached.get_mut(edge.to).filter(|place| !**place) {
                    *place = true;
                    if let Some(place) = before.get_mut(edge.to) {
                        *place = Some((node, position));
                    }
                    next.push(edge.to);
                }
            }
        }
        if let Some((_, mut node, position)) = best {
            let mut walk = vec![position];
            while node != from {
                let (earlier, position) = before.get(node).copied().flatten()?;
                walk.push(position);
                node = earlier;
            }
            walk.reverse();
            return Some(walk);
        }
        layer = next;
    }
    None
}

fn greedy(graph: &Graph, reachable: &BTreeSet<usize>) -> Vec<Walk> {
    let mut left = reachable.clone();
    let mut walks: Vec<Walk> = Vec::new();
    let mut node = 0;
    while !left.is_empty() {
        let Some(anew) = nearest(graph, 0, &left) else { break };
        let on = walks.last().and_then(|_| nearest(graph, node, &left));
        // The start is no symbol.
        let goes_on = on.filter(|on| on.len() < anew.len() || on.len() == anew.len().saturating_sub(1));
        let walk = match goes_on {
            Some(on) => {
                let Some(walk) = walks.last_mut() else { break };
                walk.extend(on);
                walk
            }
            None => {
                walks.push(anew);
                let Some(walk) = walks.last_mut() else { break };
                walk
            }
        };
        let edges = along(graph, walk);
        node = edges.last().map_or(0, |edge| edge.to);
        for target in edges.iter().flat_map(|edge| &edge.meets) {
            left.remove(target);
        }
    }
    walks
}

/// Without the words whose targets the others meet as well, the longest first.
fn without_spare(graph: &Graph, mut walks: Vec<Walk>) -> Vec<Walk> {
    let met = |walk: &Walk| -> BTreeSet<usize> {
        along(graph, walk).iter().flat_map(|edge| edge.meets.iter().copied()).collect()
    };
    let mut order: Vec<usize> = (0..walks.len()).collect();
    order.sort_by_key(|&at| Reverse(walks.get(at).map_or(0, Vec::len)));
    let mut spare = BTreeSet::new();
    for at in order {
        let others: BTreeSet<usize> = walks
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at && !spare.contains(other))
            .flat_map(|(_, walk)| met(walk))
            .collect();
        if walks.get(at).is_some_and(|walk| met(walk).is_subset(&others)) {
            spare.insert(at);
        }
    }
    let mut at = 0;
    walks.retain(|_| {
        at += 1;
        !spare.contains(&(at - 1))
    });
    walks
}

/// How many symbols the target that is farthest from the start needs: no set of words does with fewer.
fn farthest(graph: &Graph, reachable: &BTreeSet<usize>) -> usize {
    let mut left = reachable.clone();
    let mut bound = 0;
    let mut reached = vec![false; graph.nodes.len()];
    let mut queue = VecDeque::from([(0, 0)]);
    while let Some((node, distance)) = queue.pop_front() {
        for edge in graph.nodes.get(node).into_iter().flatten() {
            let there = if node == 0 { 0 } else { distance + 1 };
            for target in &edge.meets {
                if left.remove(target) {
                    bound = bound.max(there);
                }
            }
            if let Some(place) = reached.get_mut(edge.to).filter(|place| !**place) {
                *place = true;
                queue.push_back((edge.to, there));
            }
        }
    }
    bound
}

/// The cheapest set of words, by symbols, then by words, over every combination of a situation and the targets met so
/// far. Nothing where there are too many of them, or where situations were left out.
fn exact(graph: &Graph, reachable: &BTreeSet<usize>) -> Option<Vec<Walk>> {
    let nodes = graph.nodes.len();
    let bits = u32::try_from(reachable.len()).ok().filter(|bits| *bits < 32)?;
    let masks = 1usize.checked_shl(bits)?;
    if !graph.whole || nodes.checked_mul(masks)? > EXACT_LIMIT {
        return None;
    }
    let bit =
        |target: &usize| reachable.iter().position(|other| other == target).map_or(0, |at| 1usize << at);
    let masks_of: Vec<Vec<usize>> = graph
        .nodes
        .iter()
        .map(|edges| edges.iter().map(|edge| edge.meets.iter().map(bit).fold(0, |a, b| a | b)).collect())
        .collect();
    // Cost and the step before, for each state `mask * nodes + node`; a step is an edge, or a new beginning.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; nodes * masks];
    let mut before: Vec<Option<(usize, Option<usize>)>> = vec![None; nodes * masks];
    let mut heap = BinaryHeap::from([Reverse(((0, 0), 0usize))]);
    *best.first_mut()? = Some((0, 0));
    while let Some(Reverse((cost, state))) = heap.pop() {
        let (mask, node) = (state / nodes, state % nodes);
        if mask + 1 == masks {
            return Some(unwind(&before, state));
        }
        if best.get(state).copied().flatten() != Some(cost) {
            continue;
        }
        let mut reach = |to: usize, cost: (usize, usize), step: Option<usize>| {
            let Some(place) = best.get_mut(to) else { return };
            if place.is_none_or(|known| cost < known) {
                *place = Some(cost);
                if let Some(place) = before.get_mut(to) {
                    *place = Some((state, step));
                }
                heap.push(Reverse((cost, to)));
            }
        };
        let (price, words) = if node == 0 { (0, 1) } else { (1, 0) };
        for (position, edge) in graph.nodes.get(node).into_iter().flatten().enumerate() {
            let meets = masks_of.get(node).and_then(|row| row.get(position)).copied().unwrap_or(0);
            reach((mask | meets) * nodes + edge.to, (cost.0 + price, cost.1 + words), Some(position));
        }
        if node != 0 {
            reach(mask * nodes, cost, None);
        }
    }
    None
}

/// The walks that lead to a state.
fn unwind(before: &[Option<(usize, Option<usize>)>], mut state: usize) -> Vec<Walk> {
    let mut walks = Vec::new();
    let mut walk = Walk::new();
    while let Some((earlier, step)) = before.get(state).copied().flatten() {
        match step {
            Some(position) => walk.push(position),
            None => walks.push(std::mem::take(&mut walk)),
        }
        state = earlier;
    }
    walks.push(walk);
    walks.iter_mut().for_each(|walk| walk.reverse());
    walks.reverse();
    walks.retain(|walk| !walk.is_empty());
    walks
}
