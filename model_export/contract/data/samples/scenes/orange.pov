// Two oranges and a half one on a wooden table, window light from the left.
#include "common.inc"
camera { location <0.3, 2.55, -6.2> look_at <0.15, 0.78, 0> angle 36 right x*4/3 }
Lamp(<-7, 9, -5>, rgb <1.0, 0.95, 0.86>*1.25, 4)
background { rgb <0.42, 0.46, 0.52> }
Table(RGB(96, 58, 32), RGB(176, 124, 78), 0.6, 1.5)
SoftWall(9, RGB(205, 198, 186), RGB(150, 140, 128), 4)

#declare Peel = texture {
  pigment {
    bozo scale 0.5 turbulence 0.4
    color_map { [0 RGB(238, 122, 8)] [0.6 RGB(246, 140, 18)] [1 RGB(250, 158, 34)] }
  }
  normal { average normal_map {
    [1.6 bumps 0.45 scale 0.03]
    [1 dents 0.5 scale 0.035]
    [0.5 bumps 0.35 scale 0.3] } }
  finish { diffuse 0.82 specular 0.32 roughness 0.035 }
}
#declare f_fruit = function { sqrt(x*x + pow(y/0.95, 2) + z*z) - 1
  + 0.10*exp(-(x*x+z*z)/0.016)*select(y, 0, 1)
  + 0.02*exp(-(x*x+z*z)/0.10)*cos(9*atan2(x, z))*select(y, 0, 1)
  - 0.05*f_noise(x*1.1, y*1.1, z*1.1) }
#declare Fruit = isosurface {
  function { f_fruit(x, y, z) }
  contained_by { sphere { 0, 1.08 } } max_gradient 2.2 accuracy 0.002
  texture { Peel }
}
#declare Calyx = union {
  #local I = 0;
  #while (I < 5)
    sphere { 0, 1 scale <0.075, 0.016, 0.035> translate <0.06, 0.865, 0> rotate y*(72*I+10) }
    #local I = I + 1;
  #end
  cylinder { <0, 0.84, 0>, <0.006, 0.90, 0>, 0.032 }
  pigment { RGB(96, 112, 48) } finish { diffuse 0.7 }
}
#declare Orange = union { object { Fruit } object { Calyx } translate y*0.93 }

// The cut face: ten segments of pulp, pale membranes, white pith, then peel.
#declare f_r = function { sqrt(x*x + z*z) }
#declare f_seg = function { abs(mod(atan2(z, x)/(2*pi)*10 + 20, 1) - 0.5) }   // 0.5 on a membrane
#declare f_cut = function {
  max(
    max(0, min(1, (f_r(x,y,z) - 0.845)/0.02)),
    max(
      max(0, min(1, (0.075 - f_r(x,y,z))/0.03)),
      max(0, min(1, (0.028 - (0.5 - f_seg(x,y,z))*0.628*f_r(x,y,z))/0.016))
    )
  )
}
// juice sacs: cells drawn out towards the rim
#declare f_sac = function { 0.65*f_noise(atan2(z, x)*17 + 3*f_noise(x*4, z*4, 5), f_r(x,y,z)*9 + 40*f_seg(x,y,z), 1.5)
                          + 0.35*f_noise(x*22, z*22, 7) }
#declare Pulp = pigment { function { f_sac(x, y, z) }
  color_map { [0.2 RGB(226, 104, 4)] [0.5 RGB(246, 144, 26)] [0.75 RGB(255, 184, 84)] } }
#declare CutDisc = disc { 0, y, 0.955 texture {
      pigment { function { f_cut(x, y, z) } pigment_map {
        [0 Pulp] [0.6 RGB(252, 208, 128)] [1 RGB(253, 234, 190)] } }
      normal { bumps 0.12 scale 0.04 }
      finish { diffuse 0.85 specular 0.45 roughness 0.015 } } }
#declare HalfOrange = union {
  intersection { object { Fruit } plane { y, -0.004 texture { Peel } } }
  object { CutDisc }
}
object { Orange rotate <-14, 25, -12> translate <-0.75, 0.02, 0.55> }
object { Orange scale 0.96 translate -y*0.9 rotate <24, 70, 30> translate <1.35, 0.88, 1.15> }
object { HalfOrange scale 0.93 rotate <-62, 0, 0> rotate y*-14 translate <0.95, 0.85, -0.75> }
