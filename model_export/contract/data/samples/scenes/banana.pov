// A bunch of bananas on a kitchen table.
#include "common.inc"
camera { location <1.5, 3.9, -7.0> look_at <0.25, 0.78, -0.1> angle 33 right x*4/3 }
Lamp(<-5, 9, -6>, rgb <1.0, 0.96, 0.88>*1.15, 4)
background { rgb <0.46, 0.48, 0.52> }
Table(RGB(150, 120, 92), RGB(214, 190, 158), 0.5, 1.7)
SoftWall(10, RGB(222, 220, 212), RGB(176, 178, 174), 4)

#declare Span = 1.02;            // half the arc, in radians
#declare R0 = 1.75;              // its radius
#declare f_clamp = function(u) { min(1, max(0, u)) }
#declare f_step = function(u) { f_clamp(u)*f_clamp(u)*(3 - 2*f_clamp(u)) }
// along the fruit: 0 where the stem begins, 1 at the blossom end
#declare f_t = function { 0.5 + (pi/2 - atan2(y, x))/(2*Span) }
#declare f_rad = function(k) {
  0.105 + 0.275*f_step((k - 0.10)/0.30)*(1 - 0.90*pow(f_step((k - 0.66)/0.33), 1.3))
  - 1.6*max(0, -0.04 - k) - 2.6*max(0, k - 0.985) }
#declare f_off = function { sqrt(x*x + y*y) - R0 }
#declare f_banana = function {
  sqrt(pow(f_off(x,y,z), 2) + z*z)
  - f_rad(f_t(x,y,z))*(1 + 0.045*cos(5*atan2(z, f_off(x,y,z)) + 0.6)) }
#declare f_spot = function { f_noise(x*5, y*5, z*5)*0.6 + f_noise(x*19, y*19, z*19)*0.4 }
#macro Banana(Seed)
isosurface {
  function { f_banana(x, y, z) }
  contained_by { box { <-2.3, 0.3, -0.5>, <2.3, 2.3, 0.5> } } max_gradient 1.7 accuracy 0.004
  texture {
    pigment { function { min(0.999, max(0.001, f_t(x, y, z) + 0.05*(f_noise(x*7 + Seed, y*7, z*7) - 0.5))) }
      color_map {
        [0.00 RGB(96, 84, 40)] [0.04 RGB(150, 150, 52)] [0.14 RGB(204, 190, 52)] [0.28 RGB(240, 204, 44)]
        [0.80 RGB(244, 206, 50)] [0.93 RGB(222, 190, 62)] [0.965 RGB(110, 84, 44)] [1 RGB(48, 36, 26)] } }
    normal { bumps 0.06 scale 0.2 }
    finish { diffuse 0.84 specular 0.16 roughness 0.07 }
  }
  texture {
    pigment { function { f_spot(x + Seed, y, z) }
      color_map { [0 rgbt <0.10,0.05,0.01,0.25>] [0.22 rgbt <0.16,0.08,0.02,0.45>] [0.27 rgbt 1] [1 rgbt 1] } }
    finish { diffuse 0.8 }
  }
}
#end
#declare Stem = <R0*cos(pi/2 + Span*1.04), R0*sin(pi/2 + Span*1.04), 0>;
union {
  #local I = 0;
  #while (I < 5)
    object { Banana(I*3.7 + 1)
      translate -Stem
      scale <1 - 0.03*abs(I-2), 1, 1>
      rotate z*(1 - 1.5*abs(I - 2))
      rotate y*(19*(I - 2)) translate <0, 0, 0.07*(2 - I)> }
    #local I = I + 1;
  #end
  // the crown that holds them together
  sphere_sweep { cubic_spline 5
    <0.42, 0.42, 0>, 0.16, <0.24, 0.24, 0>, 0.20, <0.04, 0.0, 0>, 0.20, <-0.10, -0.22, 0>, 0.17, <-0.2, -0.45, 0>, 0.16
    scale <1, 1, 1.25>
    pigment { bozo scale 0.2 color_map { [0 RGB(86, 72, 36)] [1 RGB(150, 140, 62)] } }
    normal { bumps 0.4 scale 0.08 } finish { diffuse 0.8 } }
  rotate z*-8
  rotate y*-8
  translate <-1.55, 0.62, 0>
}
